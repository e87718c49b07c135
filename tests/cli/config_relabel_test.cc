// SPDX-License-Identifier: Apache-2.0
#include "cli/config_relabel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "cli/config_text.h"
#include "tests/cli/parsed_config.h"

namespace sloburn::cli {
namespace {

using testing::HasSubstr;

// One entry of write_relabel_configs, in line 4 from column 5 on.
std::string WithRule(std::string_view rule) {
  return StrCat("remote_write:\n- url: http://m/push\n  write_relabel_configs:\n  - ", rule, "\n");
}

RelabelConfig RuleOf(std::string_view rule) {
  const Config config = Parsed(WithRule(rule));
  if (config.remote_write.empty() || config.remote_write[0].write_relabel_configs.size() != 1) {
    ADD_FAILURE() << rule;
    return {};
  }
  return config.remote_write[0].write_relabel_configs[0].config();
}

TEST(ConfigRelabel, ReadsEveryKey) {
  const RelabelConfig rule = RuleOf(
      "{source_labels: [a, größe], separator: '/', regex: 'x(.*)', modulus: 8, target_label: t, "
      "replacement: '$1y', action: HashMod}");
  EXPECT_EQ(rule, (RelabelConfig{.source_labels = {"a", "größe"},
                                 .separator = "/",
                                 .regex = "x(.*)",
                                 .modulus = 8,
                                 .target_label = "t",
                                 .replacement = "$1y",
                                 .action = RelabelAction::kHashMod}));
  EXPECT_EQ(RuleOf("target_label: t"), RelabelConfig{.target_label = "t"});
}

TEST(ConfigRelabel, AKeyWithoutValueIsTheEmptyText) {
  const RelabelConfig rule = RuleOf("{target_label: t, separator: , regex: , replacement: }");
  EXPECT_EQ(rule,
            (RelabelConfig{.separator = "", .regex = "", .target_label = "t", .replacement = ""}));
}

TEST(ConfigRelabel, ErrorsNameTheirPlace) {
  const auto error = [](std::string_view rule) { return ErrorOf(WithRule(rule)); };
  EXPECT_EQ(error(""), "/etc/s/c.yml:4:4: empty or null relabeling rule in remote write config");
  EXPECT_EQ(error("{action: drop, regex: '(a'}"),
            "/etc/s/c.yml:4:27: error parsing regexp: missing closing ): `^(?s:(a)$`");
  EXPECT_EQ(error("{source_labels: [a, '']}"),
            "/etc/s/c.yml:4:5: relabel configuration for replace action requires 'target_label' "
            "value\n/etc/s/c.yml:4:25: \"\" is not a valid label name");
  EXPECT_EQ(error("{source_labels: a, target_label: b}"),
            "/etc/s/c.yml:4:21: source_labels must be a list of label names");
  EXPECT_THAT(error("{action: dropp}"),
              HasSubstr("/etc/s/c.yml:4:14: unknown relabel action \"dropp\"; use replace"));
  EXPECT_EQ(error("{action: }"), "/etc/s/c.yml:4:14: relabel action cannot be empty");
  EXPECT_EQ(error("{target_lable: b, action: drop}"),
            "/etc/s/c.yml:4:6: unknown key \"target_lable\" in a relabelling rule; did you mean "
            "\"target_label\"?");
  EXPECT_EQ(error("{modulus: -1, action: hashmod, target_label: a}"),
            "/etc/s/c.yml:4:5: relabel configuration for hashmod requires non-zero modulus\n"
            "/etc/s/c.yml:4:15: modulus in a relabelling rule must be at least 0");
  EXPECT_EQ(error("text"), "/etc/s/c.yml:4:5: a relabelling rule must be a mapping");
  EXPECT_EQ(ErrorOf("remote_write: [{url: http://a, write_relabel_configs: 7}]"),
            "/etc/s/c.yml:1:55: write_relabel_configs must be a list");
}

TEST(ConfigRelabel, TextReadsBack) {
  const std::string text = WithRule(
      "{source_labels: [a, b], separator: '', target_label: t, modulus: 7, action: hashmod}\n"
      "  - {regex: 'x\"\\d', action: labeldrop}\n"
      "  - {target_label: u, replacement: ''}");
  const Config config = Parsed(text);
  const std::string shown = ToYaml(config);
  EXPECT_THAT(shown, HasSubstr("  write_relabel_configs:\n"
                               "  - source_labels:\n"
                               "    - \"a\"\n"
                               "    - \"b\"\n"
                               "    separator: \"\"\n"
                               "    modulus: 7\n"
                               "    target_label: \"t\"\n"
                               "    replacement: \"$1\"\n"
                               "    action: \"hashmod\"\n"
                               "  - separator: \";\"\n"
                               "    regex: \"x\\\"\\\\d\"\n"));
  EXPECT_EQ(Parsed(shown).remote_write, config.remote_write);
}

}  // namespace
}  // namespace sloburn::cli
