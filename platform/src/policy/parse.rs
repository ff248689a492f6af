//! Reading the language: `or` binds least, then `and`, then `not`; brackets as usual.

use super::check::{Check, Left, Text};

pub(super) fn parse(text: &str) -> Option<Check> {
    let words = words(text)?;
    if words.is_empty() {
        return Some(Check::Always);
    }
    let mut reader = Reader { words: &words, at: 0 };
    let check = reader.any()?;
    (reader.at == words.len()).then_some(check)
}

/// Splits into brackets and words. A bracket within a word (`%(project_id)s`) belongs to the word.
fn words(text: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for part in text.split_whitespace() {
        let opening = part.len() - part.trim_start_matches('(').len();
        out.extend(std::iter::repeat_n("(".to_owned(), opening));
        let mut rest = &part[opening..];
        let mut closing = 0;
        while rest.ends_with(')') && rest.matches(')').count() > rest.matches('(').count() {
            rest = &rest[..rest.len() - 1];
            closing += 1;
        }
        if !rest.is_empty() {
            out.push(rest.to_owned());
        }
        out.extend(std::iter::repeat_n(")".to_owned(), closing));
    }
    Some(out)
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
}

impl Reader<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at).is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Option<Check> {
        let mut checks = vec![self.all()?];
        while self.next_is("or") {
            checks.push(self.all()?);
        }
        if checks.len() == 1 { checks.pop() } else { Some(Check::Any(checks)) }
    }

    fn all(&mut self) -> Option<Check> {
        let mut checks = vec![self.one()?];
        while self.next_is("and") {
            checks.push(self.one()?);
        }
        if checks.len() == 1 { checks.pop() } else { Some(Check::All(checks)) }
    }

    fn one(&mut self) -> Option<Check> {
        if self.next_is("not") {
            return Some(Check::Not(Box::new(self.one()?)));
        }
        if self.next_is("(") {
            let check = self.any()?;
            return self.next_is(")").then_some(check);
        }
        let word = self.words.get(self.at)?;
        self.at += 1;
        comparison(word)
    }
}

fn comparison(word: &str) -> Option<Check> {
    match word {
        "@" => return Some(Check::Always),
        "!" => return Some(Check::Never),
        _ => {}
    }
    let (left, right) = word.split_once(':').filter(|(left, _)| !left.contains('%'))?;
    match left {
        "rule" => Some(Check::Rule(right.to_owned())),
        "role" => Some(Check::Role(text(right))),
        "None" | "True" | "False" => Some(Check::Equal(Left::Literal(left.to_owned()), text(right))),
        _ => match unquoted(left) {
            Some(literal) => Some(Check::Equal(Left::Literal(literal.to_owned()), text(right))),
            None => Some(Check::Equal(Left::Attribute(left.to_owned()), text(right))),
        },
    }
}

fn text(word: &str) -> Text {
    match word.strip_prefix("%(").and_then(|rest| rest.strip_suffix(")s")) {
        Some(name) => Text::Target(name.to_owned()),
        None => Text::Literal(unquoted(word).unwrap_or(word).to_owned()),
    }
}

fn unquoted(word: &str) -> Option<&str> {
    ['\'', '"'].iter().find_map(|&quote| word.strip_prefix(quote)?.strip_suffix(quote))
}
