//! A JSON text as a tree that can be broken: members may be repeated, and numbers be anything.

use std::fmt::Write as _;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(String),
    /// Anything else, as it is written.
    Raw(String),
}

impl Node {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn raw(text: &str) -> Self {
        Self::Raw(text.to_owned())
    }

    /// How many values there are, this one included.
    pub(crate) fn count(&self) -> usize {
        let within: usize = match self {
            Self::Object(members) => members.iter().map(|(_, value)| value.count()).sum(),
            Self::List(items) => items.iter().map(Self::count).sum(),
            Self::Text(_) | Self::Raw(_) => 0,
        };
        within + 1
    }

    /// A value by its place; counts `place` down.
    pub(crate) fn at(&mut self, place: &mut usize) -> Option<&mut Self> {
        if *place == 0 {
            return Some(self);
        }
        *place -= 1;
        match self {
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.at(place)),
            Self::List(items) => items.iter_mut().find_map(|item| item.at(place)),
            Self::Text(_) | Self::Raw(_) => None,
        }
    }

    /// How many objects have members, this one included.
    pub(crate) fn count_objects(&self) -> usize {
        match self {
            Self::Object(members) => {
                let within = members.iter().map(|(_, value)| value.count_objects());
                usize::from(!members.is_empty()) + within.sum::<usize>()
            }
            Self::List(items) => items.iter().map(Self::count_objects).sum(),
            Self::Text(_) | Self::Raw(_) => 0,
        }
    }

    /// The members of an object that has some, by its place; counts `place` down.
    pub(crate) fn members_at(&mut self, place: &mut usize) -> Option<&mut Vec<(String, Node)>> {
        match self {
            Self::Object(members) => {
                let is_here = *place == 0 && !members.is_empty();
                *place -= usize::from(!is_here && !members.is_empty());
                if is_here {
                    return Some(members);
                }
                members
                    .iter_mut()
                    .find_map(|(_, value)| value.members_at(place))
            }
            Self::List(items) => items.iter_mut().find_map(|item| item.members_at(place)),
            Self::Text(_) | Self::Raw(_) => None,
        }
    }

    /// Compact JSON text, with everything outside ASCII escaped if asked for.
    pub(crate) fn write(&self, is_escaped: bool, out: &mut String) {
        match self {
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, is_escaped, out);
                    out.push(':');
                    value.write(is_escaped, out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(is_escaped, out);
                }
                out.push(']');
            }
            Self::Text(text) => write_text(text, is_escaped, out),
            Self::Raw(text) => out.push_str(text),
        }
    }
}

fn write_text(text: &str, is_escaped: bool, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..' ' => escape(character, out),
            '\u{80}'.. if is_escaped => escape(character, out),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn escape(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}
