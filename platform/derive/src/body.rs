//! `#[derive(Body)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Expr, LitStr};

#[derive(Default)]
struct FieldRules {
    since: Option<LitStr>,
    until: Option<LitStr>,
    required: bool,
    schema: Option<Expr>,
    keywords: Vec<TokenStream>,
}

impl FieldRules {
    fn read(field: &syn::Field) -> syn::Result<Self> {
        let mut rules = Self::default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("body")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("required") {
                    rules.required = true;
                    return Ok(());
                }
                let keyword = meta.path.require_ident()?.to_string();
                let value: Expr = meta.value()?.parse()?;
                let literal = |value: &Expr| -> syn::Result<LitStr> { syn::parse2(quote!(#value)) };
                match keyword.as_str() {
                    "since" => rules.since = Some(literal(&value)?),
                    "until" => rules.until = Some(literal(&value)?),
                    // A function from the version to the whole schema of the field.
                    "schema" => rules.schema = Some(value),
                    // Lengths of strings.
                    "min" => rules.keywords.push(quote!("minLength": #value)),
                    "max" => rules.keywords.push(quote!("maxLength": #value)),
                    "pattern" => rules.keywords.push(quote!("pattern": #value)),
                    "format" => rules.keywords.push(quote!("format": #value)),
                    "one_of" => rules.keywords.push(quote!("enum": #value)),
                    // Bounds of numbers.
                    "minimum" => rules.keywords.push(quote!("minimum": #value)),
                    "maximum" => rules.keywords.push(quote!("maximum": #value)),
                    "min_items" => rules.keywords.push(quote!("minItems": #value)),
                    "max_items" => rules.keywords.push(quote!("maxItems": #value)),
                    _ => return Err(meta.error("no such rule")),
                }
                Ok(())
            })?;
        }
        Ok(rules)
    }
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let (mut wrap, mut open) = (quote!(::core::option::Option::None), false);
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("body")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("wrap") {
                let name: LitStr = meta.value()?.parse()?;
                wrap = quote!(::core::option::Option::Some(#name));
            } else if meta.path.is_ident("open") {
                open = true;
            } else {
                return Err(meta.error("wrap = \"...\" or open"));
            }
            Ok(())
        })?;
    }

    let mut properties = Vec::new();
    for field in crate::fields(input)? {
        let rules = FieldRules::read(field)?;
        let serde = |word: &str| {
            field.attrs.iter().any(|attribute| {
                attribute.path().is_ident("serde") && quote!(#attribute).to_string().contains(word)
            })
        };
        if serde("flatten") {
            // It takes what has no field, and has no name on the wire.
            continue;
        }
        let name = crate::wire_name(field)?;
        let kind = &field.ty;
        let condition = crate::condition(rules.since.as_ref(), rules.until.as_ref())?;
        let keywords = &rules.keywords;
        let schema = match &rules.schema {
            Some(function) => quote!((#function)(version)),
            None => quote!(<#kind as ::platform::wire::Schema>::schema(version)),
        };
        let required = rules.required;
        let has_default = serde("default");
        properties.push(quote! {
            if #condition {
                properties.insert(
                    #name.to_owned(),
                    ::platform::wire::schema::constrain(#schema, ::serde_json::json!({#(#keywords),*})),
                );
                if #required || !(#has_default || <#kind as ::platform::wire::Schema>::OPTIONAL) {
                    required.push(#name);
                }
            }
        });
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        impl #impl_generics ::platform::wire::Schema for #name #type_generics #where_clause {
            fn schema(version: ::platform::wire::Version) -> ::serde_json::Value {
                let _ = version;
                let mut properties = ::serde_json::Map::new();
                let mut required: ::std::vec::Vec<&str> = ::std::vec::Vec::new();
                #(#properties)*
                ::serde_json::json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": #open,
                })
            }
            const WRAP: ::core::option::Option<&'static str> = #wrap;
        }
    })
}
