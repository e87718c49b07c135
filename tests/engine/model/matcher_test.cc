// SPDX-License-Identifier: Apache-2.0
// Regular expressions of matchers: what is taken, and Go's words for what is not. The texts are
// those of a real Prometheus; tests/peers/regexp_errors_test.py compares more of them.
#include "engine/model/matcher.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <string>

namespace sloburn {
namespace {

struct BadPattern {
  const char* pattern;
  const char* error;
};

constexpr BadPattern kBadPatterns[] = {
    {"(", "missing closing ): `(`"},
    {")", "unexpected ): `)`"},
    {"a)", "unexpected ): `a)`"},
    {"(a", "missing closing ): `(a`"},
    {"((a)", "missing closing ): `((a)`"},
    {"[", "missing closing ]: `[`"},
    {"[a", "missing closing ]: `[a`"},
    {"[]", "missing closing ]: `[]`"},
    {"[]a", "missing closing ]: `[]a`"},
    {"[^]", "missing closing ]: `[^]`"},
    {"[z-a]", "invalid character class range: `z-a`"},
    {"[a-\\d]", "invalid escape sequence: `\\d`"},
    {"[a-", "missing closing ]: `[a-`"},
    {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
    {"[[:alpha:]", "missing closing ]: `[[:alpha:]`"},
    {"*", "missing argument to repetition operator: `*`"},
    {"+", "missing argument to repetition operator: `+`"},
    {"?", "missing argument to repetition operator: `?`"},
    {"a**", "invalid nested repetition operator: `**`"},
    {"a*+", "invalid nested repetition operator: `*+`"},
    {"a*?+", "invalid nested repetition operator: `*?+`"},
    {"a+*", "invalid nested repetition operator: `+*`"},
    {"a?\??", "invalid nested repetition operator: `?\??`"},
    {"a{2}{3}", "invalid nested repetition operator: `{2}{3}`"},
    {"a{2}*", "invalid nested repetition operator: `{2}*`"},
    {"a{1001}", "invalid repeat count: `{1001}`"},
    {"a{2,1}", "invalid repeat count: `{2,1}`"},
    {"a{1,1001}", "invalid repeat count: `{1,1001}`"},
    {"a{99999999999}", "invalid repeat count: `{99999999999}`"},
    {"(a{1000}){1000}", "invalid repeat count: `{1000}`"},
    {"((a{100}){100}){100}", "invalid repeat count: `{100}`"},
    {"(?", "invalid or unsupported Perl syntax: `(?`"},
    {"(?P", "invalid or unsupported Perl syntax: `(?P`"},
    {"(?P<", "invalid or unsupported Perl syntax: `(?P`"},
    {"(?P<n", "invalid named capture: `(?P<n`"},
    {"(?P<n>", "missing closing ): `(?P<n>`"},
    {"(?P<>a)", "invalid named capture: `(?P<>`"},
    {"(?P=n)", "invalid or unsupported Perl syntax: `(?P`"},
    {"(?<n", "invalid named capture: `(?<n`"},
    {"(?<=a)", "invalid named capture: `(?<=a)`"},
    {"(?<!a)", "invalid named capture: `(?<!a)`"},
    {"(?=a)", "invalid or unsupported Perl syntax: `(?=`"},
    {"(?!a)", "invalid or unsupported Perl syntax: `(?!`"},
    {"(?>a)", "invalid or unsupported Perl syntax: `(?>`"},
    {"(?i", "invalid or unsupported Perl syntax: `(?i`"},
    {"(?z)", "invalid or unsupported Perl syntax: `(?z`"},
    {"(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"},
    {"(?-i-s)a", "invalid or unsupported Perl syntax: `(?-i-`"},
    {"(?i)(?s", "invalid or unsupported Perl syntax: `(?s`"},
    {"(?#c)a", "invalid or unsupported Perl syntax: `(?#`"},
    {"(?R)", "invalid or unsupported Perl syntax: `(?R`"},
    {"a\\", "trailing backslash at end of expression: ``"},
    {"\\8", "invalid escape sequence: `\\8`"},
    {"\\1", "invalid escape sequence: `\\1`"},
    {"\\x", "invalid escape sequence: `\\x`"},
    {"\\x1", "invalid escape sequence: `\\x1`"},
    {"\\x{", "invalid escape sequence: `\\x{`"},
    {"\\x{110000}", "invalid escape sequence: `\\x{110000`"},
    {"\\x{zz}", "invalid escape sequence: `\\x{z`"},
    {"\\xg", "invalid escape sequence: `\\xg`"},
    {"\\p", "invalid character class range: `\\p`"},
    {"\\p{", "invalid character class range: `\\p{`"},
    {"\\p{Foo}", "invalid character class range: `\\p{Foo}`"},
    {"\\pX", "invalid character class range: `\\pX`"},
    {"\\PX", "invalid character class range: `\\PX`"},
    {"\\Z", "invalid escape sequence: `\\Z`"},
    {"\\G", "invalid escape sequence: `\\G`"},
    {"\\C", "invalid escape sequence: `\\C`"},
    {"\\k<n>", "invalid escape sequence: `\\k`"},
    {"\\E", "invalid escape sequence: `\\E`"},
    {"\\c", "invalid escape sequence: `\\c`"},
    {"\\u1234", "invalid escape sequence: `\\u`"},
    {"\\é", "invalid escape sequence: `\\é`"},
    {"[\\8]", "invalid escape sequence: `\\8`"},
    {"[\\pX]", "invalid character class range: `\\pX`"},
    {"[\\x{zz}]", "invalid escape sequence: `\\x{z`"},
    {"[a-\\8]", "invalid escape sequence: `\\8`"},
    {"[\\", "trailing backslash at end of expression: ``"},
    {"[a\"", "missing closing ]: `[a\"`"},
    {"a|*", "missing argument to repetition operator: `*`"},
    {"|*", "missing argument to repetition operator: `*`"},
    {"(*", "missing argument to repetition operator: `*`"},
    {"(|*", "missing argument to repetition operator: `*`"},
    {"\\b**", "invalid nested repetition operator: `**`"},
    {"a{0}{0}{0}", "invalid nested repetition operator: `{0}{0}`"},
    {"(?i:a", "missing closing ): `(?i:a`"},
    {"[a-z", "missing closing ]: `[a-z`"},
    {"(((((", "missing closing ): `(((((`"},
    {")))", "unexpected ): `)))`"},
    {"(?:a|b", "missing closing ): `(?:a|b`"},
    {"(?P<é>a)", "invalid named capture: `(?P<é>`"},
    {"(?P<a-b>a)", "invalid named capture: `(?P<a-b>`"},
    {"[[:alpha", "missing closing ]: `[[:alpha`"},
    {"(a))", "unexpected ): `(a))`"},
    {"a{1,2}{3,4}", "invalid nested repetition operator: `{1,2}{3,4}`"},
    {"a{1001,}", "invalid repeat count: `{1001,}`"},
    {"(?s)(?i)a**", "invalid nested repetition operator: `**`"},
    {"(?U)a**", "invalid nested repetition operator: `**`"},
    {"\\pé", "invalid character class range: `\\pé`"},
    {"\\p{é", "invalid character class range: `\\p{é`"},
    {"(?i)\\pX", "invalid character class range: `\\pX`"},
    {"(((a{10}){10}){10}){10}", "invalid repeat count: `{10}`"},
    {"[a-z]{500}{3}", "invalid nested repetition operator: `{500}{3}`"},
    {"(?:(?:){0,1000}){0,1000}", "invalid repeat count: `{0,1000}`"},
    {"((xx?){1000}){2}", "invalid repeat count: `{2}`"},
};

TEST(Matcher, SaysWhatGoSaysOfBadPatterns) {
  for (const BadPattern& bad : kBadPatterns) {
    const auto matcher = Matcher::Create(parser::MatchType::kRegex, "a", bad.pattern);
    ASSERT_FALSE(matcher.ok()) << bad.pattern;
    EXPECT_EQ(matcher.status().message(), std::string("error parsing regexp: ") + bad.error)
        << bad.pattern;
  }
}

TEST(Matcher, TakesWhatGoTakes) {
  for (const char* pattern : {"a{,2}",
                              "a{",
                              "a{1",
                              "(?P<1a>a)",
                              "(?P<n>a)(?P<n>b)",
                              "(?<n>a)",
                              "\\\\",
                              "\\0",
                              "\\01",
                              "\\p{^Greek}",
                              "\\pN",
                              "\\z",
                              "\\Q",
                              "\\Qa\\E",
                              "\\_",
                              "é",
                              "^*",
                              "$+",
                              "\\b+",
                              "x{2}{",
                              "(?:)",
                              "[[:word:]]",
                              "[[:^word:]]",
                              "[[.a.]]",
                              "[[=a=]]",
                              "a{,}",
                              "a{1,}",
                              "[^\\x00-\\x{10FFFF}]",
                              "\\A*",
                              "(a*)*(a*)*(a*)*",
                              "((a*)*)*",
                              "(?:a+){1000}",
                              "\\pL{1000}",
                              "(\\pL{100}){10}",
                              "((((x{2}){2}){2}){2}){2}",
                              "(|a)*",
                              "(xx?){1000}"}) {
    const auto matcher = Matcher::Create(parser::MatchType::kRegex, "a", pattern);
    EXPECT_TRUE(matcher.ok()) << pattern << ": " << matcher.status();
  }
}

TEST(Matcher, InvalidUtf8IsShownFromWhereItBegins) {
  const std::string pattern = "(b\xff.)";
  const auto matcher = Matcher::Create(parser::MatchType::kRegex, "a", pattern);
  ASSERT_FALSE(matcher.ok());
  EXPECT_EQ(matcher.status().message(), "error parsing regexp: invalid UTF-8: `\xff.)`");
}

TEST(Matcher, WhatWouldTakeTooMuchMemoryIsRefused) {
  std::string pattern;
  for (int i = 0; i < 10; ++i) pattern += "\\pL{1000}";
  const auto large = CompileRegex(pattern);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.status().message(),
            "error parsing regexp: expression too large: `" + pattern + "`");
}

TEST(Matcher, GroupsNestedTooDeeplyAreRefused) {
  const auto nested = [](size_t depth, const std::string& open) {
    std::string pattern;
    for (size_t i = 0; i < depth; ++i) pattern += open;
    return Matcher::Create(parser::MatchType::kRegex, "a", pattern + std::string(depth, ')'));
  };
  EXPECT_TRUE(nested(998, "(").ok());
  EXPECT_EQ(nested(1001, "(").status().message().substr(0, 60),
            "error parsing regexp: expression nests too deeply: `((((((((");
  EXPECT_TRUE(nested(5000, "(?:").ok());
}

TEST(Matcher, GroupsMayBeNamedInBothWays) {
  for (const char* pattern :
       {"(?P<x>a+)b", "(?<x>a+)b", "[(?<x>]*(?<x>a+)b", "\\Q(?<y\\E(?<x>a+)b"}) {
    const auto regex = CompileRegex(pattern);
    ASSERT_TRUE(regex.ok()) << pattern << ": " << regex.status();
    EXPECT_EQ((*regex)->NamedCapturingGroups().count("x"), 1) << pattern;
  }
  const auto named = CompileRegex("\\Q(?<y\\E(?<x>a+)");
  EXPECT_TRUE(re2::RE2::FullMatch("(?<yaa", **named));
}

}  // namespace
}  // namespace sloburn
