//! Valid requests at random, and what becomes of them when they are broken.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use vouchkey_types::check::Check;
use vouchkey_types::country::CountryCode;
use vouchkey_types::inflection::Inflection;
use vouchkey_types::names::{Field, PrefillField};

use super::mutations::{Damage, Mutation, any_damage, any_mutation};
use super::node::Node;

/// The bytes of a request that may be broken in any way.
pub(crate) fn any_request(workflow: &str) -> BoxedStrategy<Vec<u8>> {
    let mutations = prop_oneof![
        2 => Just(Vec::new()).boxed(),
        7 => vec(any_mutation(), 1..4).boxed(),
    ];
    let damages = prop_oneof![
        4 => Just(Vec::new()).boxed(),
        1 => vec(any_damage(), 1..3).boxed(),
    ];
    (valid(workflow), mutations, damages, any::<bool>())
        .prop_map(|(valid, mutations, damages, is_escaped)| {
            broken(valid, &mutations, &damages, is_escaped)
        })
        .boxed()
}

fn broken(
    mut request: Node,
    mutations: &[Mutation],
    damages: &[Damage],
    is_escaped: bool,
) -> Vec<u8> {
    for mutation in mutations {
        mutation.apply(&mut request);
    }
    let mut text = String::new();
    request.write(is_escaped, &mut text);
    let mut bytes = text.into_bytes();
    for damage in damages {
        damage.apply(&mut bytes);
    }
    bytes
}

/// A request that keeps every rule, its names in any spelling.
fn valid(workflow: &str) -> impl Strategy<Value = Node> + use<> {
    let fields = Field::TABLE.map(|(field, name, aliases)| {
        let spellings = spellings(name, aliases);
        let member = (select(spellings), value(field, workflow));
        option::weighted(0.35, member)
    });
    (vec_of(fields), any::<bool>()).prop_map(|(fields, has_address)| {
        let mut members: Vec<_> = fields.into_iter().flatten().collect();
        // Mostly with what an invitation needs.
        if has_address && !members.iter().any(|(name, _)| is_address(name)) {
            members.push(("applicant_email".into(), Node::text("jane@a.example")));
        }
        Node::Object(members)
    })
}

fn is_address(name: &str) -> bool {
    Field::parse(name) == Some(Field::ApplicantEmail)
}

/// One strategy for each of an array's.
fn vec_of<T: std::fmt::Debug, const N: usize>(
    strategies: [impl Strategy<Value = T> + 'static; N],
) -> impl Strategy<Value = Vec<T>> {
    Vec::from(strategies)
}

/// A name and its aliases in all their spellings.
pub(crate) fn spellings(name: &str, aliases: &[&str]) -> Vec<String> {
    let names = std::iter::once(name).chain(aliases.iter().copied());
    names
        .flat_map(|name| Inflection::ALL.map(|inflection| inflection.key(name)))
        .collect()
}

/// Texts of a pattern, which is read once: as a strategy of its own it would be read for each text.
pub(crate) fn pattern(pattern: &str) -> BoxedStrategy<String> {
    let texts = proptest::string::string_regex(pattern);
    texts.expect("a regular expression").boxed()
}

fn text(of: &str) -> BoxedStrategy<Node> {
    pattern(of).prop_map(Node::Text).boxed()
}

fn one_of(texts: &[&str]) -> BoxedStrategy<Node> {
    let texts: Vec<_> = texts.iter().map(|text| Node::text(text)).collect();
    select(texts).boxed()
}

fn value(field: Field, workflow: &str) -> BoxedStrategy<Node> {
    match field {
        Field::ExternalRef => text("\\PC{1,12}"),
        Field::Metadata => btree_map(pattern("[a-zA-Z_. é]{1,6}"), any_json(), 0..4)
            .prop_map(|members| Node::Object(members.into_iter().collect()))
            .boxed(),
        Field::Country => country(),
        Field::Checks => {
            let names: Vec<_> = Check::ALL.iter().map(|check| Node::text(check.as_str())).collect();
            let most = names.len();
            subsequence(names, 1..=most).prop_map(Node::List).boxed()
        }
        Field::WorkflowId => Just(Node::text(workflow)).boxed(),
        Field::RedirectUrl | Field::SupportUrl => prop_oneof![
            text("https?://[a-z0-9]{1,6}(\\.[a-z]{2,4}){0,2}(:[0-9]{1,4})?(/[a-z%.]{0,5})?(\\?[a-z=&@]{0,5})?"),
            one_of(&["http://127.0.0.1/", "https://[::1]:8443", "HTTPS://A.EXAMPLE#x"]),
        ]
        .boxed(),
        Field::SendEmail => select(vec![Node::raw("true"), Node::raw("false")]).boxed(),
        Field::ApplicantEmail => email(),
        Field::ApplicantName | Field::EmailDisplayName => text("\\PC{1,6}[a-z ]{0,6}"),
        Field::ExpiresInMinutes => prop_oneof![
            (10..=4320_u16).prop_map(|minutes| Node::Raw(minutes.to_string())),
            select(vec![Node::raw("10"), Node::raw("4320"), Node::raw("1440.0"), Node::raw("6e1")]),
        ]
        .boxed(),
        Field::Fields => prefill(),
    }
}

fn country() -> BoxedStrategy<Node> {
    let codes = CountryCode::all().flat_map(|code| [code.to_owned(), code.to_lowercase()]);
    select(codes.collect::<Vec<_>>())
        .prop_map(Node::Text)
        .boxed()
}

fn email() -> BoxedStrategy<Node> {
    text("[a-z.+']{1,8}@[a-z0-9]{1,5}(\\.[a-z]{2,5}){0,2}")
}

fn prefill() -> BoxedStrategy<Node> {
    let fields = PrefillField::TABLE.map(|(field, name, aliases)| {
        let value = match field {
            PrefillField::Birthdate => {
                text("(19[0-9][0-9]|20[01][0-9])-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])")
            }
            PrefillField::EmailAddress => email(),
            PrefillField::PhoneNumber => text("\\+[1-9][0-9]{1,14}"),
            PrefillField::AddressCountryCode | PrefillField::Nationality => country(),
            _ => text("\\PC{1,8}"),
        };
        option::weighted(0.25, (select(spellings(name, aliases)), value))
    });
    vec_of(fields)
        .prop_map(|fields| Node::Object(fields.into_iter().flatten().collect()))
        .boxed()
}

fn any_json() -> BoxedStrategy<Node> {
    let leaf = prop_oneof![
        text("\\PC{0,8}"),
        any::<i32>().prop_map(|number| Node::Raw(number.to_string())),
        any::<f64>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|number| Node::Raw(format!("{number:?}"))),
        select(vec![
            Node::raw("null"),
            Node::raw("true"),
            Node::raw("false")
        ]),
    ];
    let names = pattern("[a-z]{0,4}");
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Node::List),
            btree_map(names.clone(), inner, 0..4)
                .prop_map(|members| Node::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Picks one of so many, if there are any.
pub(crate) fn pick(index: Index, count: usize) -> Option<usize> {
    (count > 0).then(|| index.index(count))
}
