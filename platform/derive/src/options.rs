//! `#[derive(Options)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Expr, ExprLit, Lit, Meta};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut entries = Vec::new();
    for field in crate::fields(input)? {
        let ident = &field.ident;
        let name = crate::wire_name(field)?;
        let section = field.attrs.iter().any(|attribute| {
            attribute.path().is_ident("option")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "section")
        });
        if section {
            entries.push(quote!(::platform::config::Options::describe(&self.#ident, &format!("{prefix}{}.", #name), out);));
            continue;
        }
        let doc = documentation(field);
        if doc.is_empty() {
            return Err(syn::Error::new_spanned(field, "an option needs its documentation"));
        }
        entries.push(quote! {
            out.push(::platform::config::Described {
                name: format!("{prefix}{}", #name),
                value: ::serde_json::to_value(&self.#ident).unwrap_or_default(),
                doc: #doc,
            });
        });
    }
    let name = &input.ident;
    Ok(quote! {
        impl ::platform::config::Options for #name {
            fn describe(&self, prefix: &str, out: &mut ::std::vec::Vec<::platform::config::Described>) {
                #(#entries)*
            }
        }
    })
}

fn documentation(field: &syn::Field) -> String {
    let mut lines = Vec::new();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join(" ")
}
