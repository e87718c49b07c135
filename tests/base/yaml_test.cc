// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <gtest/gtest.h>

namespace sloburn {
namespace {

// A compact form of a tree, for comparison.
std::string Show(const YamlNode& node) {
  std::string out;
  switch (node.kind) {
    case YamlKind::kScalar:
      return node.is_null() ? "~" : node.value;
    case YamlKind::kSequence:
      for (const YamlNode* item : node.items) out += (out.empty() ? "" : ",") + Show(*item);
      return "[" + out + "]";
    case YamlKind::kMapping:
      for (const auto& [key, value] : node.entries) {
        out += (out.empty() ? "" : ",") + Show(*key) + ":" + Show(*value);
      }
      return "{" + out + "}";
  }
  return "?";
}

std::string ShowFirst(std::string_view text) {
  const auto stream = ParseYaml(text);
  if (!stream.ok()) return std::string(stream.status().message());
  return stream->documents().empty() ? "none" : Show(*stream->documents()[0]);
}

std::string ErrorOf(std::string_view text, const YamlLimits& limits = {}) {
  const auto stream = ParseYaml(text, limits);
  return stream.ok() ? "no error" : std::string(stream.status().message());
}

TEST(Yaml, ReadsTrees) {
  EXPECT_EQ(ShowFirst("a: 1\nb: [x, 'y', \"z\"]\nc: {d: e}\n"), "{a:1,b:[x,y,z],c:{d:e}}");
  EXPECT_EQ(ShowFirst(""), "none");
  EXPECT_EQ(ShowFirst("# only a comment\n"), "none");
  EXPECT_EQ(ShowFirst("\xEF\xBB\xBF"
                      "a: b\n"),
            "{a:b}");
  EXPECT_EQ(ShowFirst("a: |\n  x\n  y\nb: >-\n  x\n  y\n"), "{a:x\ny\n,b:x y}");
}

TEST(Yaml, KeepsPlacesInCharacters) {
  const auto stream = ParseYaml("é: [ü, b]\n\"k\":\n  - {x: y}\n");
  ASSERT_TRUE(stream.ok()) << stream.status();
  const YamlNode& root = *stream->documents()[0];
  const YamlNode& b = *root.Find("é")->items[1];
  EXPECT_EQ(b.line, 1);
  EXPECT_EQ(b.column, 8);
  const YamlNode& y = *root.Find("k")->items[0]->Find("x");
  EXPECT_EQ(y.line, 3);
  EXPECT_EQ(y.column, 9);
}

TEST(Yaml, ResolvesAliasesAndMerges) {
  EXPECT_EQ(ShowFirst("a: &x {k: v}\nb: *x\n"), "{a:{k:v},b:{k:v}}");
  EXPECT_EQ(ShowFirst("a: &x {k: v, l: w}\nb: {<<: *x, k: own}\n"), "{a:{k:v,l:w},b:{k:own,l:w}}");
  EXPECT_EQ(ShowFirst("a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y]}\n"),
            "{a:{k:1},b:{k:2,l:3},c:{k:1,l:3}}");
  EXPECT_EQ(ShowFirst("a: &x 1\nb: *x\nc: &x 2\nd: *x\n"), "{a:1,b:1,c:2,d:2}");
  EXPECT_EQ(ShowFirst("a: {\"<<\": b}\n"), "{a:{<<:b}}");
}

TEST(Yaml, RefusesBadAliases) {
  EXPECT_EQ(ErrorOf("a: *nope\n"), "1:4: yaml: unknown anchor 'nope' referenced");
  EXPECT_EQ(ErrorOf("a: &x [*x]\n"), "1:8: yaml: anchor 'x' value contains itself");
  EXPECT_EQ(ErrorOf("a: {<<: 5}\n"),
            "1:9: yaml: map merge requires map or sequence of maps as the value");
  EXPECT_EQ(ErrorOf("a: &x 1\n---\nb: *x\n"), "no error");  // the second document is told apart:
  const auto stream = ParseYaml("a: &x 1\n---\nb: *x\n");
  EXPECT_EQ(stream->trailing_error().message(), "3:4: yaml: unknown anchor 'x' referenced");
}

TEST(Yaml, EqualKeysAreErrors) {
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\n\"a\": 3\n"), "3:1: mapping key \"a\" already defined at line 1");
  std::vector<YamlProblem> problems;
  const auto stream = ParseYaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", {}, &problems);
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].position.line, 3);  // inner mappings end first
  EXPECT_EQ(problems[0].position.column, 11);
  EXPECT_EQ(problems[1].message, "mapping key \"a\" already defined at line 1");
  EXPECT_EQ(Show(*stream->documents()[0]), "{a:1,b:{c:1}}");
}

TEST(Yaml, SyntaxErrorsHaveTheirPlace) {
  EXPECT_EQ(ErrorOf("a:\n  - b: c\n   d: e\n"),
            "3:4: yaml: did not find expected '-' indicator (while parsing a block collection that "
            "starts at 2:3)");
  EXPECT_EQ(ErrorOf("a:\n\tb: c\n"),
            "2:1: yaml: found character that cannot start any token (while scanning for the next "
            "token that starts at 2:1)");
  EXPECT_EQ(ErrorOf("a: \"\xff\"\n"), "1:5: yaml: invalid UTF-8; save the file as UTF-8");
  EXPECT_EQ(ErrorOf(std::string_view("a: \0b\n", 6)),
            "1:4: yaml: control characters are not allowed");
}

TEST(Yaml, KeepsDocumentsBeforeAnError) {
  const auto stream = ParseYaml("a: 1\n---\nb: [\n");
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_EQ(stream->documents().size(), 1u);
  EXPECT_FALSE(stream->trailing_error().ok());
  const auto two = ParseYaml("a: 1\n---\nb: 2\n");
  EXPECT_EQ(two->documents().size(), 2u);
  EXPECT_TRUE(two->trailing_error().ok());
}

TEST(Yaml, LimitsHold) {
  EXPECT_EQ(ErrorOf("abcdef", {.max_bytes = 5}), "1:1: yaml: 6 bytes are more than the limit of 5");
  EXPECT_EQ(ErrorOf("[[[x]]]", {.max_depth = 2}), "1:3: yaml: nested deeper than 2 levels");
  EXPECT_EQ(ErrorOf("[[[x]]]", {.max_depth = 3}), "no error");
  EXPECT_EQ(ErrorOf("[a, b, c]", {.max_nodes = 3}),
            "1:8: yaml: more than 3 nodes (aliases expanded); split the file");
  // libyaml alone would need seconds for this.
  EXPECT_EQ(ErrorOf(std::string(1'000'000, '[')), "1:65: yaml: nested deeper than 64 levels");
}

TEST(Yaml, AliasBombsAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) text += (j > 0 ? ", " : "") + last;
    text += "]\n";
  }
  const auto stream = ParseYaml(text);
  EXPECT_TRUE(absl::IsResourceExhausted(stream.status())) << stream.status();
}

TEST(Yaml, ExplicitTagsDecide) {
  const auto stream = ParseYaml("[!!str 5, !!int \"5\", !foo 5, !!binary aGk=, !!float 5]");
  ASSERT_TRUE(stream.ok()) << stream.status();
  const std::vector<const YamlNode*>& items = stream->documents()[0]->items;
  EXPECT_EQ(items[0]->AsInt(), std::nullopt);
  EXPECT_EQ(items[1]->AsInt(), 5);
  EXPECT_EQ(items[2]->AsString(), "5");
  EXPECT_EQ(items[3]->AsString(), "hi");
  EXPECT_EQ(items[4]->AsInt(), 5);
  EXPECT_EQ(ErrorOf("a: !!int b\n"), "1:4: yaml: cannot decode !!str `b` as a !!int");
  EXPECT_EQ(ErrorOf("a: !!binary '*'\n"), "1:4: yaml: !!binary value contains invalid base64 data");
}

// The place of the first `needle` in the scalar under "k".
std::string Place(const std::string& text, std::string_view needle) {
  const auto stream = ParseYaml(text);
  if (!stream.ok()) return stream.status().ToString();
  const YamlNode& scalar = *stream->documents()[0]->Find("k");
  const size_t offset = needle.empty() ? scalar.value.size() : scalar.value.find(needle);
  const YamlPosition place = stream->Locate(scalar, offset);
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

TEST(Yaml, LocatesBytesOfScalars) {
  EXPECT_EQ(Place("k: sum(x)\n", "x"), "1:8");
  EXPECT_EQ(Place("k: 'sum(x)'\n", "x"), "1:9");
  EXPECT_EQ(Place("k: &a !!str sum(x)\n", "x"), "1:17");
  EXPECT_EQ(Place("k: |\n\n  sum(\n    x)\n", "x"), "4:5");
  EXPECT_EQ(Place("k: >- # why\n  sum(\n  x)\n", "x"), "3:3");
  EXPECT_EQ(Place("k: sum(\n  x)\n", "x"), "2:3");
  EXPECT_EQ(Place("k: é(x)\n", "x"), "1:6");
  EXPECT_EQ(Place("k: sum(\n", ""), "1:8");  // the end is past the last byte
  EXPECT_EQ(Place("k: |\n  sum(\n", ""), "2:7");
  EXPECT_EQ(Place("k: \"a\\x41b\"\n", "b"), "1:4");  // escapes: the scalar itself
  EXPECT_EQ(Place("k: 'a''b'\n", "b"), "1:4");
}

}  // namespace
}  // namespace sloburn
