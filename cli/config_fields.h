// SPDX-License-Identifier: Apache-2.0
// One mapping of the configuration file, read field by field. Private to cli/config.
//
// Every problem goes to a ConfigLog with its place; the field keeps its default.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/yaml.h"
#include "cli/secret.h"

namespace sloburn::cli {

class ConfigLog {
 public:
  explicit ConfigLog(std::string file) : file_(std::move(file)) {}

  void Error(const YamlNode& at, std::string_view message);
  void ErrorAt(YamlPosition position, std::string_view message);
  size_t error_count() const { return lines_.size(); }
  // InvalidArgument with one line per error, in order of their place.
  absl::Status ToStatus() const;
  const std::string& file() const { return file_; }

 private:
  struct Line {
    int line, column;
    std::string text;
  };
  const std::string file_;
  std::vector<Line> lines_;
};

// One document at most; what is wrong inside goes to `log`. Errors: text that is no YAML.
absl::StatusOr<YamlStream> ParseConfigYaml(std::string_view text, const YamlLimits& limits,
                                           ConfigLog& log);

// A key for messages. Where a space is missing after a colon, a secret is part of the key: only what
// is before the first character that no key has is shown.
std::string ShownKey(std::string_view key);

// A key that Prometheus knows and this program refuses, with the reason.
struct RefusedKey {
  std::string_view name;
  std::string_view reason;
};

class ConfigFields {
 public:
  // `section` names the mapping in messages: "global". A null node is an empty mapping.
  ConfigFields(const YamlNode* node, std::string section, ConfigLog& log);

  // Reports keys that were not read, with a suggestion. Call last.
  void Finish(const std::vector<RefusedKey>& refused);

  // The value under `name`, null nodes included; nullptr where it is absent.
  const YamlNode* Find(std::string_view name);
  bool Has(std::string_view name);

  void Read(std::string_view name, std::string& value);
  void Read(std::string_view name, Secret& value);
  void Read(std::string_view name, bool& value);
  // `lowest` bounds the value.
  void Read(std::string_view name, int64_t& value, int64_t lowest);
  // `lowest` bounds the value.
  void Read(std::string_view name, absl::Duration& value, absl::Duration lowest);
  void Read(std::string_view name, std::vector<std::string>& value);
  void Read(std::string_view name, std::map<std::string, std::string>& value);
  void Read(std::string_view name, std::map<std::string, Secret>& value);

  // An error about the value of `name`, or about the mapping where it is absent.
  void Error(std::string_view name, std::string_view message);

 private:
  // The text of a scalar in `room`; nullptr where it is absent, null, or (reported) no scalar.
  const std::string* Scalar(std::string_view name, std::string& room);
  void WrongType(const YamlNode& node, std::string_view name, std::string_view wanted);

  const YamlNode* node_;  // null where the section is absent or not a mapping
  const std::string section_;
  ConfigLog& log_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace sloburn::cli
