// SPDX-License-Identifier: Apache-2.0
#include "cli/config_fields.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "base/closest_word.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

// A YAML problem may quote the value it is about, which may be a secret.
std::string WithoutQuotedValue(const std::string& message) {
  const size_t begin = message.find('`');
  const size_t end = message.rfind('`');
  if (begin == end) return message;
  return StrCat(message.substr(0, begin), "<value>", message.substr(end + 1));
}

// "password: *abc" is an alias, and its name may be the password.
std::string WithoutAnchorName(std::string message) {
  const size_t begin = message.find("anchor '");
  const size_t end = message.rfind('\'');
  if (begin == std::string::npos) return message;
  return StrCat(message.substr(0, begin), "anchor <name>", message.substr(end + 1),
                "; put text that starts with * or & in quotes");
}

bool IsKeyCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.'; }

}  // namespace

std::string ShownKey(std::string_view key) {
  const size_t end = std::find_if_not(key.begin(), key.end(), IsKeyCharacter) - key.begin();
  return GoQuote(end == key.size() ? std::string(key) : StrCat(key.substr(0, end), "..."));
}

absl::StatusOr<YamlStream> ParseConfigYaml(std::string_view text, const YamlLimits& limits,
                                           ConfigLog& log) {
  std::vector<YamlProblem> problems;
  absl::StatusOr<YamlStream> stream = ParseYaml(text, limits, &problems);
  const absl::Status status = stream.ok() ? stream->trailing_error() : stream.status();
  if (!status.ok()) {
    return absl::Status(status.code(), StrCat(log.file(), ":", WithoutAnchorName(std::string(status.message()))));
  }
  for (const YamlProblem& problem : problems) {
    log.ErrorAt(problem.position, WithoutQuotedValue(problem.message));
  }
  const std::vector<const YamlNode*>& documents = stream->documents();
  if (documents.size() > 1) log.Error(*documents[1], "only one YAML document is allowed");
  return stream;
}

void ConfigLog::Error(const YamlNode& at, std::string_view message) {
  ErrorAt({at.line, at.column}, message);
}

void ConfigLog::ErrorAt(YamlPosition position, std::string_view message) {
  lines_.push_back({position.line, position.column,
                    StrCat(file_, ":", position.line, ":", position.column, ": ", message)});
}

absl::Status ConfigLog::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  std::vector<Line> sorted = lines_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Line& a, const Line& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  std::string text;
  for (const Line& line : sorted) StrAppend(&text, text.empty() ? "" : "\n", line.text);
  return absl::InvalidArgumentError(text);
}

ConfigFields::ConfigFields(const YamlNode* node, std::string section, ConfigLog& log)
    : node_(node), section_(std::move(section)), log_(log) {
  if (node_ == nullptr || node_->is_mapping()) return;
  if (!node_->is_null()) {
    // The node is not described: it may be a secret in the wrong place.
    log_.Error(*node_, StrCat(section_, " must be a mapping"));
  }
  node_ = nullptr;
}

void ConfigFields::Finish(const std::vector<RefusedKey>& refused) {
  if (node_ == nullptr) return;
  const std::vector<std::string_view> known(read_.begin(), read_.end());
  for (const auto& [key, value] : node_->entries) {
    if (!key->is_scalar()) {
      log_.Error(*key, StrCat("a key of ", section_, " must be text"));
      continue;
    }
    if (read_.count(key->value) > 0) continue;
    const auto reason = std::find_if(refused.begin(), refused.end(),
                                     [&](const RefusedKey& one) { return one.name == key->value; });
    if (reason != refused.end()) {
      log_.Error(*key, StrCat(GoQuote(key->value), " in ", section_, " ", reason->reason));
      continue;
    }
    const std::string_view closest = ClosestWord(key->value, known);
    log_.Error(*key,
               StrCat("unknown key ", ShownKey(key->value), " in ", section_,
                      closest.empty() ? "" : StrCat("; did you mean ", GoQuote(closest), "?")));
  }
}

const YamlNode* ConfigFields::Find(std::string_view name) {
  read_.insert(std::string(name));
  return node_ == nullptr ? nullptr : node_->Find(name);
}

bool ConfigFields::Has(std::string_view name) { return Find(name) != nullptr; }

void ConfigFields::Error(std::string_view name, std::string_view message) {
  const YamlNode* const value = Find(name);
  if (value != nullptr) {
    log_.Error(*value, message);
  } else if (node_ != nullptr) {
    log_.Error(*node_, message);
  } else {
    log_.ErrorAt({1, 1}, message);
  }
}

void ConfigFields::WrongType(const YamlNode& node, std::string_view name, std::string_view wanted) {
  // Only the kind is told: the text itself may be a secret.
  const std::string_view kind = node.is_sequence()  ? "a list"
                                : node.is_mapping() ? "a mapping"
                                                    : "this value";
  log_.Error(node, StrCat(name, " in ", section_, " must be ", wanted, ", not ", kind));
}

const std::string* ConfigFields::Scalar(std::string_view name, std::string& room) {
  const YamlNode* const node = Find(name);
  if (node == nullptr || node->is_null()) return nullptr;
  const std::optional<std::string> text = node->AsString();
  if (!text) {
    WrongType(*node, name, "text");
    return nullptr;
  }
  room = *text;
  return &room;
}

void ConfigFields::Read(std::string_view name, std::string& value) {
  std::string room;
  if (const std::string* text = Scalar(name, room)) value = *text;
}

void ConfigFields::Read(std::string_view name, Secret& value) {
  std::string room;
  if (const std::string* text = Scalar(name, room)) value = Secret(*text);
}

void ConfigFields::Read(std::string_view name, bool& value) {
  const YamlNode* const node = Find(name);
  if (node == nullptr || node->is_null()) return;
  const std::optional<bool> parsed = node->AsBool();
  if (!parsed) return WrongType(*node, name, "true or false");
  value = *parsed;
}

void ConfigFields::Read(std::string_view name, int64_t& value, int64_t lowest) {
  const YamlNode* const node = Find(name);
  if (node == nullptr || node->is_null()) return;
  const std::optional<int64_t> parsed = node->AsInt();
  if (!parsed) return WrongType(*node, name, "a whole number");
  if (*parsed < lowest) {
    return log_.Error(*node, StrCat(name, " in ", section_, " must be at least ", lowest));
  }
  value = *parsed;
}

void ConfigFields::Read(std::string_view name, absl::Duration& value, absl::Duration lowest) {
  std::string room;
  const std::string* const text = Scalar(name, room);
  if (text == nullptr) return;
  const absl::StatusOr<int64_t> ms = parser::ParseDuration(*text);
  if (!ms.ok()) {
    return Error(name, StrCat(name, " in ", section_, ": ", std::string(ms.status().message())));
  }
  if (absl::Milliseconds(*ms) < lowest) {
    return Error(name, StrCat(name, " in ", section_, " must be at least ",
                              parser::FormatDuration(absl::ToInt64Milliseconds(lowest))));
  }
  value = absl::Milliseconds(*ms);
}

void ConfigFields::Read(std::string_view name, std::vector<std::string>& value) {
  const YamlNode* const node = Find(name);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) return WrongType(*node, name, "a list");
  for (const YamlNode* item : node->items) {
    const std::optional<std::string> text = item->AsString();
    if (text && !text->empty()) {
      value.push_back(*text);
    } else {
      log_.Error(*item, StrCat("an element of ", name, " must be text"));
    }
  }
}

void ConfigFields::Read(std::string_view name, std::map<std::string, std::string>& value) {
  const YamlNode* const node = Find(name);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_mapping()) return WrongType(*node, name, "a mapping");
  for (const auto& [key, child] : node->entries) {
    const std::optional<std::string> key_text = key->AsString(), text = child->AsString();
    if (key_text && text) {
      value[*key_text] = *text;
    } else {
      log_.Error(*key, StrCat("keys and values of ", name, " must be text"));
    }
  }
}

void ConfigFields::Read(std::string_view name, std::map<std::string, Secret>& value) {
  std::map<std::string, std::string> plain;
  Read(name, plain);
  for (auto& [key, text] : plain) value[key] = Secret(std::move(text));
}

}  // namespace sloburn::cli
