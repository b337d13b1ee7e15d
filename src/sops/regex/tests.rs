use super::*;

/// Pattern, texts it matches, texts it does not: the answers of Go 1.26's `regexp`.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("(?m)^a$", &["a\n", "a\nb"], &["aaaa", "aaa"]),
    ("(?m)a$", &["metadata", "aaaa"], &["aab", "(?x)"]),
    ("(?s)a.b", &["a.b", "aab"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    ("(?i)k", &["\u{212a}", "K"], &["(?x)", "a\n"]),
    ("(?i)s", &["stringData", "ss"], &["()", "(?x)"]),
    ("(?i)[k]", &["k", "\u{212a}"], &["(?x)", "é"]),
    ("(?i)[^k]", &["(?x)", "é"], &["k", "\u{212a}"]),
    ("(?i)ß", &["ß"], &["(?x)", "a\n"]),
    ("(?i)é", &["é", "É"], &["(?x)", "\u{212a}"]),
    ("(?i)Ω", &["Ω", "ω"], &["(?x)", "()"]),
    (r"\d", &["x{2}", "ab12"], &["apps/prod/db.yaml", "\u{b}"]),
    (r"\D", &["a\n", "é"], &["09", "1"]),
    (r"\w", &["\\E", "dbPassword"], &["٣", "é"]),
    (r"\W", &["٣", "\u{212a}"], &["W", "z"]),
    (r"\s", &["a\n", "\na"], &["apps/prod/db.sops.yaml", "password"]),
    (r"\S", &["\\", "PASS"], &["\t", " "]),
    (r"\b", &["aab", "dbPassword"], &["é", "\u{b}"]),
    (r"\B", &["é", "٣"], &["1", "z"]),
    (r"\ba\b", &["a&&b", "a\nb"], &["aaaa", "aab"]),
    (r"\Ba", &["aaaa", "aaa"], &["\u{212a}", "a{01}"]),
    (r"a\B", &["metadata", "aaa"], &["\u{b}", "a\nb"]),
    (r"[\d]", &["x{2}", "a1"], &["dbPassword", "metadata"]),
    (r"[^\d]", &["apps/prod/db.yaml", "dbPassword"], &["09", "1"]),
    (r"[\D]", &["\\E", "[:"], &["1", "09"]),
    (r"[^\D]", &["a{,2}", "x{2}"], &["\u{212a}", "\\"]),
    (r"[\w-]", &["b-c", "-a"], &["é", "[:"]),
    (r"[\w-z]", &["w", "a\n"], &["\u{212a}", "\\"]),
    (r"[\d-z]", &["d-z", "-"], &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"]),
    (r"[\s\S]", &["apps/prod/db.sops.yaml", "ss"], &[""]),
    (r"[^\s\S]", &[], &["apps/prod/db.sops.yaml", "PASS"]),
    (r"[\W\d]", &["apps/prod/db.yaml", "٣"], &["dbPassword", "data"]),
    (r"[^\W]", &["a\n", ":alpha:"], &["é", "\u{212a}"]),
    (r"(?i)\w", &["(?x)", "\u{212a}"], &["()", "\u{b}"]),
    (r"(?i)\W", &["(?x)", "\\E"], &["\u{212a}", "clientSecretName"]),
    (r"(?i)[^\W]", &["(?x)", "stringData"], &["()", "٣"]),
    (r"(?i)[\w]", &["(?x)", "a\n"], &["()", "\u{b}"]),
    (r"(?i)[^\w]", &["(?x)", "()"], &["password", "dbPassword"]),
    (r"(?i)[\W]", &["(?x)", "\\E"], &["\u{212a}", "W"]),
    (r"\Qa.b\E", &["a.b"], &["apps/prod/db.sops.yaml", "aaaa"]),
    (r"\Qa.b", &["a.b"], &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"]),
    (r"\Q\E", &["\\E", "\\"], &[]),
    (r"\Qab\E*", &["aaaa", "a**b"], &["\\E", "SECRET"]),
    (r"\Qa\\E", &[], &["aaaa", "metadata"]),
    (r"\Q(\E", &["()", "(?x)"], &["\\E", "\u{212a}"]),
    (r"\Q[\E]", &[], &["\\E", "a\n"]),
    (r"\Q\Q\E", &[], &["\\E", "Q"]),
    (r"\Q*\E+", &["a**b", "*"], &["SECRET", "\\"]),
    (r"\Qa", &["aaa", "aaaa"], &["\u{212a}", "\u{b}"]),
    (r"\Q", &["٣", "\u{b}"], &[]),
    ("[a&&b]", &["a&&b", "apps/prod/db.sops.yaml"], &["\u{212a}", "["]),
    ("[&&]", &["&&", "a&&b"], &["é", "]"]),
    ("[a&&&b]", &["aaaa", "a&&b"], &["\u{212a}", "é"]),
    ("[[x]", &["[", "(?x)"], &["\u{b}", "a\n"]),
    ("[[]", &["[", "[:"], &["٣", "\u{212a}"]),
    ("[[a]]", &[], &["aaaa", "a\n"]),
    ("[]a]", &["aaaa", "metadata"], &["[:", "é"]),
    ("[^]a]", &["metadata", "apps/prod/db.sops.yaml"], &["aaaa", "aaa"]),
    ("[a-]", &["aaa", "aaaa"], &["é", "]"]),
    ("[-a]", &["aaaa", "metadata"], &["é", "[:"]),
    ("[a-c-e]", &["clientSecretName", "metadata"], &["[:", "\u{b}"]),
    ("[--a]", &["aaaa", "aaa"], &["é", "٣"]),
    ("[+--]", &["-a", "b-c"], &["\u{b}", "٣"]),
    ("[a~~b]", &["aaaa", "apps/prod/db.yaml"], &["٣", "]"]),
    ("[a-a]", &["aaaa", "metadata"], &["\u{212a}", "é"]),
    (r"[\]]", &["]"], &["a\n", "\\E"]),
    (r"[\[]", &["[:", "["], &["a\n", "\u{212a}"]),
    (r"[\-a]", &["aaaa", "metadata"], &["\\", "é"]),
    (r"[a\-c]", &["aaaa", "a-c"], &["\u{b}", "\u{212a}"]),
    ("[a^]", &["aaaa", "a\n"], &["٣", "\u{212a}"]),
    (r"[\^a]", &["aaaa", "data"], &["[", "\u{212a}"]),
    ("[^^]", &["[:", "]"], &["^", ""]),
    ("[$]", &["$"], &["\u{b}", "[:"]),
    ("[.]", &["apps/prod/db.sops.yaml", "a.b"], &["é", "]"]),
    ("[(]", &["(?x)", "()"], &["\u{212a}", "a\n"]),
    ("[{}]", &["x{2}", "a{01}"], &["[", "[:"]),
    ("[#]", &["#", "a#b"], &["\u{b}", "a\n"]),
    ("[ ]", &["a b", " "], &["\u{212a}", "\u{b}"]),
    (r"[\x41-\x43]", &["PASS", "SECRET"], &["x1y", "\u{212a}"]),
    (r"[\101-\103]", &["SECRET", "PASS"], &["\u{212a}", "\u{b}"]),
    (r"[\n]", &["a\n", "a\nb"], &["\u{b}", "stringData"]),
    (r"[\pL]", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["\\", "]"]),
    (r"[^\pL]", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["p", "ß"]),
    (r"[\p{Greek}a]", &["apps/prod/db.sops.yaml", "clientSecretName"], &["x{2}", "é"]),
    (r"[\PN]", &["\u{212a}", "é"], &["٣", "1"]),
    ("[é-ü]", &["é"], &["]", "\u{212a}"]),
    ("[😀]", &["😀"], &["a\n", "[:"]),
    ("a{", &["a{", "a{01}"], &["aaaa", "aaa"]),
    ("{x}", &["{x}"], &["\u{212a}", "x{2}"]),
    ("a{,2}", &["a{,2}"], &["aaaa", "aaa"]),
    ("a{2}", &["aaaa", "aaa"], &["a{,2}", "metadata"]),
    ("a{2,}", &["aaaa", "aaa"], &["a{,2}", "x{2}"]),
    ("a{2,3}", &["aaaa", "aab"], &["a{,2}", "a{01}"]),
    ("a{0}", &["a{01}", "aaaa"], &[]),
    ("a{0,0}", &["a{01}", "aaaa"], &[]),
    ("a{01}", &["a{01}"], &["a{,2}", "metadata"]),
    ("a{2", &[], &["aaaa", "metadata"]),
    ("a{2,", &[], &["aaaa", "a{,2}"]),
    ("a{2,x}", &[], &["a{,2}", "x{2}"]),
    ("a{x}", &[], &["aaaa", "a{01}"]),
    ("{", &["{x}", "a{01}"], &["٣", "a\n"]),
    ("x{2}", &[], &["x{2}", "a{,2}"]),
    ("a{1000}", &[], &["aaaa", "a{01}"]),
    ("(a{100}){10}", &[], &["a{01}", "aaaa"]),
    ("((a{10}){10}){10}", &[], &["aaaa", "a{01}"]),
    ("(a{0,1000})", &["a{01}", "aaaa"], &[]),
    ("{,}", &[], &["a{,2}", "{x}"]),
    ("a{,}", &[], &["a{,2}", "aaaa"]),
    ("a{ 2}", &[], &["metadata", "a{,2}"]),
    ("a{2 }", &[], &["a{,2}", "aaaa"]),
    ("{}", &[], &["a{01}", "a{,2}"]),
    ("a{}", &[], &["metadata", "aaaa"]),
    ("a{-1}", &[], &["aaaa", "a{,2}"]),
    ("a{+1}", &[], &["a{01}", "aaa"]),
    ("(?:a{2}){0}", &["aaaa", "a{01}"], &[]),
    ("a{2}?", &["aaaa", "aa"], &["metadata", "a{,2}"]),
    ("(a*)*", &["aaaa", "a**b"], &[]),
    ("(a*)+", &["aaaa", "a**b"], &[]),
    ("(?:a+)?", &["aaaa", ":alpha:"], &[]),
    (r"\b*", &["a**b", "\u{212a}"], &[]),
    (r"\b+", &["dbPassword", "a.b"], &["\u{212a}", "٣"]),
    ("(?:)*", &["(?x)", "()"], &[]),
    ("()*", &["(?x)", "٣"], &[]),
    ("a(?:)*", &["aaaa", ":alpha:"], &["()", "(?x)"]),
    (r"\z*", &["a**b", "z"], &[]),
    ("(?i)a*", &["aaaa", "metadata"], &[]),
    (r"\<", &["<", "<a>"], &["é", "\u{212a}"]),
    (r"\>", &[">", "<a>"], &["\\", "\u{212a}"]),
    (r"\<a\>", &["<a>"], &["aaaa", "aaa"]),
    (r"\012", &["a\n", "a\nb"], &["a{01}", "\\E"]),
    (r"\12", &["a\n", "\n"], &["ab12", "\\"]),
    (r"\0", &[], &["a\n", "\\"]),
    (r"\01", &[], &["é", "\\E"]),
    (r"\08", &[], &["a{01}", "\\"]),
    (r"\07", &[], &["é", "a{01}"]),
    (r"\101", &["A", "PASS"], &["a\n", "\\E"]),
    (r"\1011", &[], &["a{01}", "é"]),
    (r"\377", &[], &["a\n", "٣"]),
    (r"\400", &[], &["٣", "\\E"]),
    (r"\777", &[], &["é", "a\n"]),
    (r"\x41", &["PASS", "A"], &["{x}", "\u{212a}"]),
    (r"\x{41}", &["PASS", "A"], &["{x}", "a{01}"]),
    (r"\x{10FFFF}", &[], &["a{01}", "{x}"]),
    (r"\x{1F600}", &["😀"], &["a{01}", "x{2}"]),
    (r"\x{000041}", &["A", "PASS"], &["a{01}", "x{2}"]),
    (r"\a", &[], &["aaaa", "aaa"]),
    (r"\f", &[], &["a\n", "foo_bar"]),
    (r"\n", &["a\n", "\na"], &["m-n", "٣"]),
    (r"\r", &[], &["\u{212a}", "foo_bar"]),
    (r"\t", &["\t"], &["metadata", "clientSecretName"]),
    (r"\v", &["\u{b}"], &["\\E", "\u{212a}"]),
    (r"\A", &["\\E", "\\"], &[]),
    (r"\Aa", &["aaaa", "aaa"], &["stringData", "metadata"]),
    (r"a\z", &["aaaa", "metadata"], &["aab", "é"]),
    (r"\z", &["\u{b}", "a\n"], &[]),
    (r"\_", &["_", "foo_bar"], &["٣", "a\n"]),
    (r"\-", &["b-c", "a-"], &["٣", "\\"]),
    (r"\/", &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"], &["\u{212a}", "\\E"]),
    (r"\.", &["apps/prod/db.sops.yaml", "a.b"], &["é", "a\n"]),
    (r"\!", &["!"], &["\u{212a}", "a\n"]),
    (r"\#", &["#", "a#b"], &["a\n", "٣"]),
    (r"\ ", &[" ", "a b"], &["\u{212a}", "é"]),
    (r#"\""#, &[], &["\\E", "\u{b}"]),
    (r"\'", &[], &["٣", "a\n"]),
    (r"\%", &[], &["a\n", "٣"]),
    (r"\&", &["&&", "a&&b"], &["٣", "\u{212a}"]),
    (r"\~", &["~"], &["\u{b}", "\\"]),
    (r"\@", &[], &["\u{b}", "é"]),
    (r"\`", &[], &["\\", "\\E"]),
    (r"\,", &["a{,2}"], &["\u{212a}", "\u{b}"]),
    (r"\;", &[], &["\u{212a}", "a\n"]),
    (r"\:", &["::", "a:"], &["a\n", "\u{b}"]),
    (r"\=", &["="], &["\u{212a}", "\\E"]),
    ("(?i)PASS", &["PASS", "dbPassword"], &["clientSecretName", "(?x)"]),
    ("(?i:PASS)word", &["dbPassword", "password"], &["apps/prod/db.sops.yaml", "clientSecretName"]),
    ("a(?i)b", &["aab", "ab"], &["aaaa", "apps/prod/db.yaml"]),
    ("(?i)a(?-i)b", &["aab", "ab12"], &["(?x)", "aaa"]),
    ("(?-i)a", &["aaaa", "a\n"], &["(?x)", "-"]),
    ("(?i-i)A", &["A", "PASS"], &["(?x)", "()"]),
    ("(?ii)A", &["PASS", "a\n"], &["(?x)", "()"]),
    ("(?i-s)a.", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["ss", "a\n"]),
    ("(?is)A.B", &["a.b", "aab"], &["apps/prod/db.sops.yaml", "(?x)"]),
    ("(?s-i)a", &["apps/prod/db.sops.yaml", "aaaa"], &["(?x)", "()"]),
    ("(?U)a+", &["aaa", "aaaa"], &["()", "(?x)"]),
    ("(?Ui)A", &["a\n", "A"], &["(?x)", "\u{b}"]),
    ("(?iU:A+)", &["a\n", ":alpha:"], &["(?x)", "()"]),
    ("(?)", &["(?x)", "é"], &[]),
    ("(?)a", &["aaaa", "a\n"], &["(?x)", "é"]),
    ("(?:)", &["(?x)", "::"], &[]),
    ("(?:a)", &[":alpha:", "aaaa"], &["::", "(?x)"]),
    ("(?im:^A$)", &["A", "a\n"], &["(?x)", "::"]),
    ("(?ims)", &["apps/prod/db.sops.yaml", "(?x)"], &[]),
    ("((?i)a)b", &["ab12", "aab"], &["aaaa", "apps/prod/db.yaml"]),
    ("(?i)a", &["aaaa", "aaa"], &["(?x)", "i"]),
    ("(?P<n>a)", &["aaaa", "aaa"], &["(?x)", "m-n"]),
    ("(?<n>a)", &["aaaa", "aaa"], &["(?x)", "()"]),
    ("(?P<1>a)", &["aaaa", "metadata"], &["(?x)", "٣"]),
    ("(?<n>a)(?<n>b)", &["aab", "ab"], &["aaaa", "<a>"]),
    ("(?<n>a)(?<m>b)", &["aab", "ab"], &["apps/prod/db.sops.yaml", "(?x)"]),
    ("(?P<n>)", &["<a>", "٣"], &[]),
    ("(?<n_1>a)", &["metadata", "aaa"], &["(?x)", "m-n"]),
    ("[[:alpha:]]", &["apps/prod/db.yaml", ":alpha:"], &["::", "\u{212a}"]),
    ("[[:^alpha:]]", &[":alpha:", "apps/prod/db.sops.yaml"], &["aaaa", "aaa"]),
    ("[^[:alpha:]]", &[":alpha:", "apps/prod/db.sops.yaml"], &["aaa", "aaaa"]),
    ("[[:word:]]", &["dbPassword", "apps/prod/db.yaml"], &["[:", "::"]),
    ("[[:space:]]", &["a\n", "a b"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (
        "[[:punct:]]",
        &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"],
        &["clientSecretName", "stringData"],
    ),
    ("[[:digit:][:space:]]", &["a{01}", "a\n"], &["clientSecretName", "apps/prod/db.sops.yaml"]),
    ("[:alpha:]", &[":alpha:", "apps/prod/db.sops.yaml"], &["\u{b}", "٣"]),
    ("[[:]", &["[:", ":alpha:"], &["\u{212a}", "]"]),
    ("[[:a]", &["aaaa", ":alpha:"], &["é", "]"]),
    ("[[:alpha]", &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"], &["]", "\u{212a}"]),
    ("[[:ascii:]]", &["apps/prod/db.sops.yaml", "aaaa"], &["\u{212a}", "٣"]),
    ("[[:^ascii:]]", &["é", "٣"], &["stringData", "apps/prod/db.sops.yaml"]),
    ("[[:cntrl:]]", &["\t", "\u{b}"], &["clientSecretName", "stringData"]),
    ("[[:graph:]]", &["apps/prod/db.sops.yaml", ":alpha:"], &["\u{b}", "\u{212a}"]),
    ("[[:print:]]", &["clientSecretName", "apps/prod/db.sops.yaml"], &["é", "\u{212a}"]),
    ("[[:xdigit:]]", &["stringData", "clientSecretName"], &["[:", "::"]),
    ("[[:blank:]]", &["a b", " "], &[":alpha:", "apps/prod/db.yaml"]),
    (
        "[[:upper:]]",
        &["clientSecretName", "stringData"],
        &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"],
    ),
    ("(?i)[[:upper:]]", &["clientSecretName", "apps/prod/db.sops.yaml"], &["[:", "()"]),
    (
        "(?i)[[:^upper:]]",
        &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"],
        &["clientSecretName", "stringData"],
    ),
    ("(?i)[[:lower:]]", &["clientSecretName", "apps/prod/db.sops.yaml"], &["::", "()"]),
    ("[[:alnum:]_-]", &[":alpha:", "aaaa"], &["٣", "]"]),
    ("[[=a=]]", &[], &["aaaa", "metadata"]),
    ("[[.a.]]", &[], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    ("[a[:digit:]b]", &["apps/prod/db.yaml", "metadata"], &["[:", "::"]),
    ("[[:alpha:]-z]", &[":alpha:", "apps/prod/db.sops.yaml"], &["[:", "["]),
    (r"\pL", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["٣", "\\"]),
    (r"\PL", &["\u{b}", "٣"], &["\u{212a}", "PASS"]),
    (r"\pN", &["٣", "0"], &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"]),
    (r"\p{L}", &["apps/prod/db.sops.yaml", "a{01}"], &["{", "*"]),
    (r"\p{Lu}", &["\u{212a}", "Q"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (r"\P{Lu}", &["a{01}", "{x}"], &["\u{212a}", "Ω"]),
    (r"\p{^Lu}", &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"], &["\u{212a}", "A"]),
    (r"\P{^Lu}", &["\\E", "dbPassword"], &["x{2}", "{x}"]),
    (r"\p{Greek}", &["ω", "λ"], &["apps/prod/db.sops.yaml", "clientSecretName"]),
    (r"\P{Greek}", &["clientSecretName", "a{,2}"], &["", "ω"]),
    (r"\p{greek}", &["Ω", "ω"], &["clientSecretName", "apps/prod/db.sops.yaml"]),
    (r"\p{Letter}", &["clientSecretName", "apps/prod/db.sops.yaml"], &["\\", "}"]),
    (r"\p{Any}", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &[""]),
    (r"\P{Any}", &[], &["x{2}", "{x}"]),
    (r"\p{ASCII}", &["PASS", "apps/prod/db.sops.yaml"], &["é", "\u{212a}"]),
    (r"\p{Assigned}", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &[""]),
    (r"\p{Cn}", &[], &["apps/prod/db.sops.yaml", "a{01}"]),
    (r"\p{LC}", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["\u{b}", "{"]),
    (r"\p{Zs}", &[" ", "a b"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (r"\p{Han}", &["中"], &["apps/prod/db.sops.yaml", "aaaa"]),
    (r"\p{Cyrillic}", &["Ж", "ж"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (r"\p{L_}", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["\u{b}", "\\"]),
    (r"\p{ L}", &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"], &["}", " "]),
    (
        r"\p{uppercase-letter}",
        &["clientSecretName", "stringData"],
        &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"],
    ),
    (r"(?i)\p{Lu}", &["apps/prod/db.sops.yaml", "(?x)"], &["\u{b}", "{"]),
    (r"(?i)\P{Lu}", &["(?x)", "a{,2}"], &["\u{212a}", "PASS"]),
    (r"(?i)[^\p{Lu}]", &["apps/prod/db.sops.yaml", "(?x)"], &["\u{212a}", "password"]),
    (r"\p{Sc}", &["$"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (r"\pl", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["٣", "\u{b}"]),
    (r"\p{lu}", &["\\E", "clientSecretName"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (r"\p{C}", &["\u{b}", "a\n"], &["apps/prod/db.yaml", "apps/prod/db.sops.yaml"]),
    (r"\p{Common}", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["clientSecretName", "p"]),
    (r"\p{Inherited}", &[], &["clientSecretName", "apps/prod/db.sops.yaml"]),
    (r"\p{Co}", &[], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    (
        r"\p{punct}",
        &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"],
        &["clientSecretName", "stringData"],
    ),
    (r"\p{digit}", &["x{2}", "a{01}"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    ("()", &["٣", "\u{212a}"], &[]),
    ("((a))", &["aaaa", "data"], &["(?x)", "é"]),
    ("^(data|stringData)$", &["stringData", "data"], &["apps/prod/db.sops.yaml", "dbPassword"]),
    (r"^apps/.*\.sops\.ya?ml$", &["apps/prod/db.sops.yaml"], &["apps/prod/db.yaml", "metadata"]),
    (r"(^|/)db\.sops\.yaml$", &["apps/prod/db.sops.yaml"], &["apps/prod/db.yaml", "password"]),
    (r".*\.ya?ml", &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"], &["aaaa", ":alpha:"]),
    ("^(?:.*_)?password$", &["password"], &["apps/prod/db.sops.yaml", "apps/prod/db.yaml"]),
    ("(?i)(a|b)c", &[], &["aaaa", "clientSecretName"]),
    ("a(?i)|B", &["aaaa", "apps/prod/db.sops.yaml"], &["(?x)", "\u{212a}"]),
    ("(?i)a|B", &["stringData", "metadata"], &["(?x)", "()"]),
    ("(a(?i)|B)", &["aaaa", "stringData"], &["(?x)", "٣"]),
    ("(?m)^b$|^a$", &["b", "a\nb"], &["(?x)", "apps/prod/db.sops.yaml"]),
    (r"\Qa|b\E|c", &["clientSecretName", "b-c"], &["aaaa", "apps/prod/db.yaml"]),
    ("(a|b)*", &["aaaa", "a**b"], &[]),
    ("(|a)*", &["metadata", "aaaa"], &[]),
    ("(?:a|b){2}", &["aaa", "aaaa"], &[":alpha:", "a{,2}"]),
    ("(?i:a|B)b", &["aab", "ab12"], &["aaaa", "metadata"]),
];

/// Patterns that Go 1.26 refuses.
const REFUSED: &str = r#"
[a-\d] \E [\Qa\E] b\E [] [^] [a--b] [b-a] [ [a a{3,2} {2} a{1001} a{1,1001} a{1001,} a{99999999999}
(a{100}){11} (a{10}b){101} ((a{10}){10}){11} (a{2,}){501} a{1000}{2} a** a*+ a+* a++ a?* a?+ a??? a*?? a{2}{3}
a{2}* a*{2} a{2}?? * + ? *a (*) (+a) ( *) (?i)* (a \1 \8 \9 \18 (a)\1 \x4 \x \xg \x{} \x{110000} \x{41 \xé1 \e
\c \cA \C \Z \G \K \R \X \h \H \N \i \y \u0041 \U00000041 \é \😀 \ (?u)a (?-) (?-:a) (?i-) (?i-:a) (?--i)
(?i--s) (?m-s-i) (?R) (?#c)a (?a) (?i (? (?: ((?i)a b)c (a(?i)b c)d (?P<>a) (?P<a-b>a) (?<é>a) (?P=n) (?P>n)
(?'n'a) (?P<n (?<n (?P (?< (?=a) (?!a) (?<=a) (?<!a) (?>a) (?&n) (?P<n>a)(?P=n) (?(1)a) [[:foo:]] [[:Alpha:]]
[[::]] [[:^:]] [a-[:digit:]] \p{Alphabetic} \p{White_Space} \p{Uppercase} \p{sc=Greek} \p{Script=Greek}
\p{gc=L} \p{scx=Greek} \p{} \p \p{ \pé \p{Foo} \pX \p^L \p{Emoji} \p{Unknown} (() ()) ) a) (a)) ((a) (b))
(a|*) a|* a{1,2}{3}
"#;

#[test]
fn matches_are_those_of_go() {
    for (pattern, matching, others) in TABLE {
        let regex = GoRegex::new(pattern).unwrap_or_else(|error| panic!("{error}"));
        for text in *matching {
            assert!(regex.is_match(text), "`{pattern}` should match {text:?}");
        }
        for text in *others {
            assert!(!regex.is_match(text), "`{pattern}` should not match {text:?}");
        }
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for pattern in REFUSED.split_whitespace().chain(["[[:alpha:]", "(?x)a b"]) {
        let error = GoRegex::new(pattern).map(|_| pattern);
        assert!(
            matches!(error, Err(RegexError::Syntax { .. })),
            "`{pattern}` is no pattern for Go: {error:?}"
        );
    }
}

#[test]
fn what_go_takes_in_no_useful_sense_is_refused() {
    // A repetition over flags or empty quotes, and characters that no text contains.
    for pattern in ["a(?i)*", r"a\Q\E*", r"\x{D800}", r"\p{Cs}"] {
        assert!(GoRegex::new(pattern).is_err(), "`{pattern}`");
    }
}

#[test]
fn an_error_shows_pattern_reason_and_position() {
    let error = GoRegex::new("ä(?!x)").map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid regex `ä(?!x)`: invalid or unsupported `(?` syntax at byte 2"
    );
    let error = GoRegex::new("a**").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "invalid regex `a**`: repetition of a repetition at byte 2");
    let error = GoRegex::new("(a").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "invalid regex `(a`: missing `)` at byte 2");
}

#[test]
fn too_much_is_an_error_of_its_own() {
    let pattern = "(".repeat(400) + &")".repeat(400);
    assert!(matches!(GoRegex::new(&pattern), Err(RegexError::TooLarge { .. })));
}

#[test]
fn the_pattern_is_kept_as_given() {
    assert_eq!(GoRegex::new("^(data|stringData)$").unwrap().pattern(), "^(data|stringData)$");
}
