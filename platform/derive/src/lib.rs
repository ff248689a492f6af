//! The derives of `platform`: `Body`, `View` and `Options`.

mod body;
mod options;
mod view;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// The JSON schema of a request body, version by version. See `platform::wire`.
#[proc_macro_derive(Body, attributes(body))]
pub fn body(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    body::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// An answer, version by version. See `platform::wire`.
#[proc_macro_derive(View, attributes(view))]
pub fn view(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    view::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Options of the configuration with their documentation. See `platform::config`.
#[proc_macro_derive(Options, attributes(option))]
pub fn options(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    options::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The named fields of a struct.
fn fields(input: &DeriveInput) -> syn::Result<&syn::punctuated::Punctuated<syn::Field, syn::Token![,]>> {
    match &input.data {
        syn::Data::Struct(syn::DataStruct { fields: syn::Fields::Named(named), .. }) => Ok(&named.named),
        _ => Err(syn::Error::new_spanned(input, "a struct with named fields is needed")),
    }
}

/// The name of a field on the wire: its identifier without `r#`, unless `#[serde(rename = "...")]` says another.
fn wire_name(field: &syn::Field) -> syn::Result<String> {
    let mut name = field.ident.as_ref().map(|ident| ident.to_string()).unwrap_or_default();
    if let Some(plain) = name.strip_prefix("r#") {
        name = plain.to_owned();
    }
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = meta.value()?.parse::<syn::LitStr>()?.value();
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        })?;
    }
    Ok(name)
}

/// `"2.37"` as the tokens of a `Version`.
fn version(literal: &syn::LitStr) -> syn::Result<proc_macro2::TokenStream> {
    let text = literal.value();
    let parts =
        text.split_once('.').and_then(|(a, b)| Some((a.parse::<u16>().ok()?, b.parse::<u16>().ok()?)));
    let Some((major, minor)) = parts else {
        return Err(syn::Error::new_spanned(literal, "a microversion, like \"2.37\", is needed"));
    };
    Ok(quote::quote!(::platform::wire::Version::new(#major, #minor)))
}

/// The condition under which a field is there.
fn condition(
    since: Option<&syn::LitStr>,
    until: Option<&syn::LitStr>,
) -> syn::Result<proc_macro2::TokenStream> {
    let mut terms = vec![quote::quote!(true)];
    if let Some(since) = since {
        let since = version(since)?;
        terms.push(quote::quote!(version >= #since));
    }
    if let Some(until) = until {
        let until = version(until)?;
        terms.push(quote::quote!(version <= #until));
    }
    Ok(quote::quote!(#(#terms)&&*))
}
