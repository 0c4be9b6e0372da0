//! What breaks a request: changes of its tree, and of its bytes.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use vouchkey_types::names::{Field, PrefillField};

use super::node::Node;
use super::requests::{pattern, pick, spellings};

/// A change of the tree. An index picks the place among those that there are.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// Another value.
    Swap(Index, Node),
    /// Another name.
    Rename(Index, Index, String),
    /// A member once more, perhaps by another name or with another value.
    Twice(Index, Index, Option<String>, Option<Node>),
    /// A member that was not there.
    Add(Index, String, Node),
    /// A member less.
    Remove(Index, Index),
    /// A value in a list, so many times.
    Nest(Index, usize),
    /// The whole in an envelope, perhaps with what stands beside.
    Envelope(Option<(String, Node)>),
    /// Something in the middle of a text.
    Edit(Index, Index, String),
}

/// A change of the bytes.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index),
    Insert(Index, Vec<u8>),
}

impl Mutation {
    pub(crate) fn apply(&self, request: &mut Node) {
        match self {
            Self::Swap(place, value) => {
                if let Some(found) = value_at(request, *place) {
                    *found = value.clone();
                }
            }
            Self::Nest(place, depth) => {
                if let Some(found) = value_at(request, *place) {
                    for _ in 0..*depth {
                        let inner = std::mem::replace(found, Node::raw("null"));
                        *found = Node::List(vec![inner]);
                    }
                }
            }
            Self::Edit(place, at, piece) => {
                if let Some(Node::Text(text)) = value_at(request, *place) {
                    let at = at.index(text.chars().count() + 1);
                    let byte = text
                        .char_indices()
                        .nth(at)
                        .map_or(text.len(), |(byte, _)| byte);
                    text.insert_str(byte, piece);
                }
            }
            Self::Envelope(beside) => {
                let attributes = std::mem::replace(request, Node::raw("null"));
                let data = Node::Object(vec![("attributes".into(), attributes)]);
                let whole = beside.iter().cloned().chain([("data".into(), data)]);
                *request = Node::Object(whole.collect());
            }
            Self::Rename(object, member, name) => {
                if let Some((members, at)) = member_at(request, *object, *member) {
                    members[at].0.clone_from(name);
                }
            }
            Self::Twice(object, member, name, value) => {
                if let Some((members, at)) = member_at(request, *object, *member) {
                    let (old_name, old_value) = members[at].clone();
                    let name = name.clone().unwrap_or(old_name);
                    members.push((name, value.clone().unwrap_or(old_value)));
                }
            }
            Self::Add(object, name, value) => {
                if let Some((members, _)) = member_at(request, *object, *object) {
                    members.push((name.clone(), value.clone()));
                }
            }
            Self::Remove(object, member) => {
                if let Some((members, at)) = member_at(request, *object, *member) {
                    members.remove(at);
                }
            }
        }
    }
}

impl Damage {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip(at, bits) => {
                if let Some(at) = pick(*at, bytes.len()) {
                    bytes[at] ^= bits;
                }
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Self::Drop(at) => {
                if let Some(at) = pick(*at, bytes.len()) {
                    bytes.remove(at);
                }
            }
            Self::Insert(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
}

fn value_at(request: &mut Node, place: Index) -> Option<&mut Node> {
    let mut place = place.index(request.count());
    request.at(&mut place)
}

type Members = Vec<(String, Node)>;

fn member_at(request: &mut Node, object: Index, member: Index) -> Option<(&mut Members, usize)> {
    let mut object = pick(object, request.count_objects())?;
    let members = request.members_at(&mut object)?;
    let at = pick(member, members.len())?;
    Some((members, at))
}

pub(crate) fn any_mutation() -> BoxedStrategy<Mutation> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), odd_value()).prop_map(|(place, value)| Mutation::Swap(place, value)),
        3 => (index(), index(), odd_text()).prop_map(|(place, at, piece)| Mutation::Edit(place, at, piece)),
        2 => (index(), index(), any_name()).prop_map(|(object, member, name)| Mutation::Rename(object, member, name)),
        2 => (index(), index(), proptest::option::of(any_name()), proptest::option::of(odd_value()))
            .prop_map(|(object, member, name, value)| Mutation::Twice(object, member, name, value)),
        2 => (index(), any_name(), odd_value()).prop_map(|(object, name, value)| Mutation::Add(object, name, value)),
        1 => (index(), index()).prop_map(|(object, member)| Mutation::Remove(object, member)),
        1 => (index(), prop_oneof![1..3_usize, 28..34_usize]).prop_map(|(place, depth)| Mutation::Nest(place, depth)),
        1 => proptest::option::of((any_name(), odd_value())).prop_map(Mutation::Envelope),
    ]
    .boxed()
}

pub(crate) fn any_damage() -> BoxedStrategy<Damage> {
    let index = any::<Index>;
    let pieces: Vec<Vec<u8>> = ODD_BYTES.iter().map(|piece| piece.to_vec()).collect();
    prop_oneof![
        (index(), 0..8_u32).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        index().prop_map(Damage::Cut),
        index().prop_map(Damage::Drop),
        (index(), select(pieces)).prop_map(|(at, piece)| Damage::Insert(at, piece)),
    ]
    .boxed()
}

const ODD_BYTES: [&[u8]; 24] = [
    b" ",
    b"\n",
    b"\t",
    b"\r\n",
    b",",
    b":",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"0",
    b"-",
    b".",
    b"e400",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"null",
];

/// Names that are known, in every spelling, and others.
fn any_name() -> BoxedStrategy<String> {
    let top = Field::TABLE.map(|(_, name, aliases)| spellings(name, aliases));
    let prefill = PrefillField::TABLE.map(|(_, name, aliases)| spellings(name, aliases));
    let known: Vec<String> = top.into_iter().chain(prefill).flatten().collect();
    let odd = [
        "",
        "data",
        "attributes",
        "Country",
        "EXTERNAL_REF",
        "external_Ref",
        "__proto__",
        "toJSON",
        "a.b",
        "x y",
        "é",
        "\u{202e}",
        "\0",
        "constructor",
        "expires_in_minute",
    ];
    prop_oneof![
        3 => select(known),
        1 => select(odd.map(str::to_owned).to_vec()),
        1 => pattern("[a-z_]{1,12}"),
        1 => (60..132_usize).prop_map(|length| "k".repeat(length)),
    ]
    .boxed()
}

/// Values at the bounds of the rules, and of other types.
fn odd_value() -> BoxedStrategy<Node> {
    let raw = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "9",
        "10",
        "4320",
        "4321",
        "10.5",
        "1440.0",
        "1.44e3",
        "1e400",
        "-1e400",
        "1e-400",
        "5e-324",
        "1.7976931348623157e308",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "01",
        "1.",
        "-",
        "+1",
        "NaN",
        "[]",
        "{}",
        "[null]",
        "{\"a\":1,\"a\":2}",
        "[{\"b\":[],\"b\":[]}]",
    ];
    let lengths = [
        128, 129, 200, 201, 254, 255, 256, 2048, 2049, 16_381, 16_382, 16_383,
    ];
    prop_oneof![
        4 => select(raw.map(Node::raw).to_vec()),
        3 => odd_text().prop_map(Node::Text),
        1 => (select(lengths.to_vec()), select(vec!["x", "é", "😀", "\"", "\u{1}"]))
            .prop_map(|(length, letter)| Node::Text(letter.repeat(length))),
        1 => (48..53_usize).prop_map(|count| {
            Node::Object((0..count).map(|key| (format!("k{key}"), Node::raw("1"))).collect())
        }),
        1 => (98..104_usize).prop_map(|count| Node::List(vec![Node::raw("1"); count])),
    ]
    .boxed()
}

/// Texts that a rule may mind, to be put into others or to stand alone.
fn odd_text() -> BoxedStrategy<String> {
    let odd = [
        "",
        " ",
        "\0",
        "\n",
        "\u{7f}",
        "\u{85}",
        "\u{61c}",
        "\u{200d}",
        "\u{202e}",
        "\u{2069}",
        "\u{feff}",
        "é",
        "😀",
        "=?",
        "@",
        "..",
        ".",
        "-",
        "_",
        ":",
        ":65536",
        ":65535",
        "//",
        "://",
        "\\",
        "%",
        "#",
        "?",
        "[",
        "]",
        "0x1",
        "xn--",
        "127.1",
        "256.0.0.1",
        "user@",
        "javascript://a",
        "myapp://a",
        "ftp://a.example",
        "XX",
        "us",
        "face_match",
        "face_mach",
        "2024-02-30",
        "1899-12-31",
        "1900-01-01",
        "9999-12-31",
        "+1",
        "+12345678901234567",
        "jane@a.example",
        "jane",
        "wfl_1",
        "مرحبا",
        "<script>",
    ];
    prop_oneof![
        5 => select(odd.map(str::to_owned).to_vec()),
        1 => pattern("\\PC{1,4}"),
        1 => any::<char>().prop_map(String::from),
    ]
    .boxed()
}
