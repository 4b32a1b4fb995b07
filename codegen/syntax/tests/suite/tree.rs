//! The shape of the tree.

use playhouse_syntax::{FileId, SyntaxKind, SyntaxNode, parse};
use rowan::NodeOrToken;

/// Nodes as `Kind(...)`, tokens as they are, without trivia.
fn shape(node: &SyntaxNode) -> String {
    let parts = node.children_with_tokens().filter_map(|child| match child {
        NodeOrToken::Token(token) if token.kind().is_trivia() => None,
        NodeOrToken::Token(token) => Some(token.text().to_owned()),
        NodeOrToken::Node(child) => Some(format!("{:?}({})", child.kind(), shape(&child))),
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn check(text: &str, expected: &str) {
    let parsed = parse(FileId(0), text);
    assert!(
        parsed.diagnostics.is_empty(),
        "{text}: {:#?}",
        parsed.diagnostics
    );
    assert_eq!(shape(&parsed.tree()), expected, "{text}");
}

/// `field` is the shape of the type of one field.
fn check_type(text: &str, expected: &str) {
    check(
        &format!("newtype A = {text};"),
        &format!("Newtype(newtype A = {expected} ;)"),
    );
}

fn check_value(text: &str, expected: &str) {
    check(
        &format!("const A: u8 = {text};"),
        &format!("Const(const A : Type(Path(u8)) Default(= {expected}) ;)"),
    );
}

#[test]
fn simple_declarations() {
    check("package a.b;", "Package(package Path(a . b) ;)");
    check("role a;", "Role(role a ;)");
    check(
        "audience a; audience b(C);",
        "Audience(audience a ;) Audience(audience b ( Type(Path(C)) ) ;)",
    );
    check("use a.B;", "Use(use Path(a . B) ;)");
    check("use a.B as C;", "Use(use Path(a . B) as C ;)");
    check(
        "use a.b.{C, D as E,};",
        "Use(use Path(a . b) . { UseItem(C) , UseItem(D as E) , } ;)",
    );
    check(
        "const A: u8 = 1;",
        "Const(const A : Type(Path(u8)) Default(= Literal(1)) ;)",
    );
    check(
        "newtype A = u8 = 1;",
        "Newtype(newtype A = Type(Path(u8)) Default(= Literal(1)) ;)",
    );
}

#[test]
fn data() {
    check(
        "enum A { 0 a; -1 b; }",
        "Enum(enum A Values({ EnumValue(0 a ;) EnumValue(- 1 b ;) }))",
    );
    check(
        "closed enum A: u8 { }",
        "Enum(closed enum A : u8 Values({ }))",
    );
    check(
        "flags A { a = b | c @x; }",
        "Flags(flags A Values({ EnumValue(a Default(= Binary(Path(b) | Path(c))) Attr(@ Path(x)) ;) }))",
    );
    check(
        "struct A<T, U> { 1 a: T = 1 @x; b: U; }",
        "Struct(struct A Generics(< T , U >) Fields({ Field(1 a : Type(Path(T)) Default(= Literal(1)) Attr(@ Path(x)) ;) Field(b : Type(Path(U)) ;) }))",
    );
    check(
        "closed union A { 1 a; 2 b: C; 3 c { 1 d: E; } }",
        "Union(closed union A Arms({ Arm(1 a ;) Arm(2 b : Type(Path(C)) ;) Arm(3 c Fields({ Field(1 d : Type(Path(E)) ;) })) }))",
    );
    check(
        "error A { 1 a @x; }",
        "ErrorDecl(error A Arms({ Arm(1 a Attr(@ Path(x)) ;) }))",
    );
    check(
        "table 1 A: rows from \"a.csv\" { }",
        "Table(table 1 A : EntityKind(rows) from \"a.csv\" Fields({ }))",
    );
    check("oplog A { 1 a; }", "Oplog(oplog A Arms({ Arm(1 a ;) }))");
}

#[test]
fn bodies() {
    check(
        "component 1 A requires B, c.D { has 1 a: E; 2 b: u8; }",
        "Component(component 1 A Requires(requires Path(B) , Path(c . D)) Body({ Slot(has 1 a : Type(Path(E)) ;) Field(2 b : Type(Path(u8)) ;) }))",
    );
    check(
        "entity 1 A: keyed(B, C) in D on e { }",
        "Entity(entity 1 A : EntityKind(keyed ( Type(Path(B)) , Type(Path(C)) )) InContainer(in Path(D)) OnRole(on Path(e)) Body({ }))",
    );
    check(
        "service A on b { rpc 1 c(); }",
        "Service(service A OnRole(on Path(b)) Body({ Call(rpc 1 c Params(( )) ;) }))",
    );
    check(
        "service A on b { @x @y(1, z: 2) client rpc 1 c(d: E = 1 @f, g: stream H,) -> stream I throws J to k | l; }",
        "Service(service A OnRole(on Path(b)) Body({ Call(Attr(@ Path(x)) Attr(@ Path(y) ( AttrArg(Literal(1)) , AttrArg(z : Literal(2)) )) client rpc 1 c Params(( Param(d : Type(Path(E)) Default(= Literal(1)) Attr(@ Path(f))) , Param(g : stream Type(Path(H))) , )) Result(-> stream Type(Path(I))) Throws(throws Path(J)) To(to Path(k) | Path(l)) ;) }))",
    );
    check(
        "component A { reserved 1, 3..=-4, \"x\"; reserved rpc 5; }",
        "Component(component A Body({ Reserved(reserved ReservedItem(1) , ReservedItem(3 ..= - 4) , ReservedItem(\"x\") ;) Reserved(reserved rpc ReservedItem(5) ;) }))",
    );
}

#[test]
fn keywords_are_names_too() {
    check(
        "struct A { 1 reserved: u8; rpc: u8; struct: u8; }",
        "Struct(struct A Fields({ Field(1 reserved : Type(Path(u8)) ;) Field(rpc : Type(Path(u8)) ;) Field(struct : Type(Path(u8)) ;) }))",
    );
    check(
        "component A { event: u8; has has: B; rpc rpc(rpc: u8); }",
        "Component(component A Body({ Field(event : Type(Path(u8)) ;) Slot(has has : Type(Path(B)) ;) Call(rpc rpc Params(( Param(rpc : Type(Path(u8))) )) ;) }))",
    );
    check(
        "enum reserved { reserved; reserved 1; enum; }",
        "Enum(enum reserved Values({ EnumValue(reserved ;) Reserved(reserved ReservedItem(1) ;) EnumValue(enum ;) }))",
    );
    check(
        "struct struct { } use use.as as as;",
        "Struct(struct struct Fields({ })) Use(use Path(use . as) as as ;)",
    );
    check(
        "service on on on { rpc to(to: u8) to to; }",
        "Service(service on OnRole(on Path(on)) Body({ Call(rpc to Params(( Param(to : Type(Path(u8))) )) To(to Path(to)) ;) }))",
    );
    check(
        "union A { struct\n: B; error { 1 a: u8; } }",
        "Union(union A Arms({ Arm(struct : Type(Path(B)) ;) Arm(error Fields({ Field(1 a : Type(Path(u8)) ;) })) }))",
    );
}

#[test]
fn types() {
    check_type("a.b.C", "Type(Path(a . b . C))");
    check_type("u8[..=3]?", "Type(Path(u8) Bound([ ..= Literal(3) ]) ?)");
    check_type("u8[3]", "Type(Path(u8) Bound([ Literal(3) ]))");
    check_type("u8[3..]", "Type(Path(u8) Bound([ Literal(3) .. ]))");
    check_type(
        "i8[-3..=A.B]",
        "Type(Path(i8) Bound([ Literal(- 3) ..= Literal(Path(A . B)) ]))",
    );
    check_type(
        "f32[0.5..=2.0]",
        "Type(Path(f32) Bound([ Literal(0.5) ..= Literal(2.0) ]))",
    );
    check_type(
        "map<u8, list<T?>[1]>??",
        "Type(Path(map) TypeArgs(< Type(Path(u8)) , Type(Path(list) TypeArgs(< Type(Path(T) ?) >) Bound([ Literal(1) ])) >) ? ?)",
    );
    check_type(
        "ref<A | B>",
        "Type(Path(ref) TypeArgs(< Type(Path(A)) | Type(Path(B)) >))",
    );
}

#[test]
fn values() {
    check_value("-5", "Literal(- 5)");
    check_value("\"s\"", "Literal(\"s\")");
    check_value("a.b", "Path(a . b)");
    check_value(
        "1 + a - -2 * b",
        "Binary(Literal(1) + Path(a) - Literal(- 2) * Path(b))",
    );
    check_value("10/s", "Rate(10 / s)");
    check_value("1/10s", "Rate(1 / 10s)");
    check_value(
        "[1, [], 2,]",
        "List([ Literal(1) , List([ ]) , Literal(2) , ])",
    );
    check_value(
        "{a: 1, b: {}}",
        "Map({ MapEntry(a : Literal(1)) , MapEntry(b : Map({ })) })",
    );
    check_value(
        "(1 + 2) * 3",
        "Binary(Paren(( Binary(Literal(1) + Literal(2)) )) * Literal(3))",
    );
}

#[test]
fn docs_and_attributes_belong_to_what_follows() {
    check(
        "/// d\n@x\n/// e\nstruct A { /// f\n 1 a: B; }",
        "Struct(/// d Attr(@ Path(x)) /// e struct A Fields({ Field(/// f 1 a : Type(Path(B)) ;) }))",
    );
    check("//! i\n\n/// d\nrole a;", "//! i Role(/// d role a ;)");
    check(
        "service A on b { rpc c(/// d\n d: E); }",
        "Service(service A OnRole(on Path(b)) Body({ Call(rpc c Params(( Param(/// d d : Type(Path(E))) )) ;) }))",
    );
}

#[test]
fn comments_between_members_stay_between_them() {
    let text = "struct A {\n    // one\n    1 a: u8; // two\n    /* three */ 2 b: u8;\n}\n";
    let tree = parse(FileId(0), text).tree();
    let fields = tree
        .descendants()
        .find(|node| node.kind() == SyntaxKind::Fields);
    let comments = fields.unwrap().children_with_tokens().filter(|child| {
        matches!(
            child.kind(),
            SyntaxKind::LineComment | SyntaxKind::BlockComment
        )
    });
    assert_eq!(comments.count(), 3);
}
