//! `#[derive(View)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, LitStr};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    let mut entries = Vec::new();
    for field in crate::fields(input)? {
        let ident = &field.ident;
        let mut name = crate::wire_name(field)?;
        let (mut since, mut until): (Option<LitStr>, Option<LitStr>) = (None, None);
        let (mut nested, mut skip_none, mut flatten) = (false, false, false);
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("view")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("since") {
                    since = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("until") {
                    until = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("rename") {
                    name = meta.value()?.parse::<LitStr>()?.value();
                } else if meta.path.is_ident("nested") {
                    nested = true;
                } else if meta.path.is_ident("skip_none") {
                    skip_none = true;
                } else if meta.path.is_ident("flatten") {
                    flatten = true;
                } else {
                    return Err(meta.error("since, until, rename, nested, skip_none or flatten"));
                }
                Ok(())
            })?;
        }
        let condition = crate::condition(since.as_ref(), until.as_ref())?;
        let entry = if flatten {
            // A map whose members stand beside the fields.
            quote!(for (key, value) in self.#ident.iter() { map.serialize_entry(key, value)?; })
        } else if nested {
            quote!(map.serialize_entry(#name, &::platform::wire::At(&self.#ident, version))?;)
        } else {
            quote!(map.serialize_entry(#name, &self.#ident)?;)
        };
        let entry = if skip_none { quote!(if self.#ident.is_some() { #entry }) } else { entry };
        entries.push(quote!(if #condition { #entry }));
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        impl #impl_generics ::platform::wire::View for #name #type_generics #where_clause {
            fn serialize_at<__S: ::serde::Serializer>(
                &self,
                version: ::platform::wire::Version,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                use ::serde::ser::SerializeMap as _;
                let _ = version;
                let mut map = serializer.serialize_map(None)?;
                #(#entries)*
                map.end()
            }
        }
    })
}
