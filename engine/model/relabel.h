// SPDX-License-Identifier: Apache-2.0
// Prometheus' relabelling: what relabel_configs do to one label set.
//
//   ASSIGN_OR_RETURN(RelabelRule rule, RelabelRule::Create({.target_label = "team", ...}));
//   std::optional<Labels> result = Relabel(labels, {rule});  // nullopt: dropped
//
// Names may be any UTF-8, as in Prometheus 3. Expressions are anchored at both ends, '.' matches
// newlines too; $1, ${1} and ${name} stand for groups as in Go. A step that would write a label
// without a name writes none.
// Threads: rules are immutable; copies share the compiled expression.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/labels.h"

namespace re2 {
class RE2;
}

namespace sloburn {

enum class RelabelAction {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase
};

std::string_view RelabelActionName(RelabelAction action);  // "hashmod"
// In any case; nullopt where there is no such action.
std::optional<RelabelAction> ParseRelabelAction(std::string_view name);

// The keys of one entry of relabel_configs, with Prometheus' defaults.
struct RelabelConfig {
  std::vector<std::string> source_labels = {};
  std::string separator = ";";
  std::string regex = "(.*)";
  uint64_t modulus = 0;
  std::string target_label = {};
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::kReplace;

  friend bool operator==(const RelabelConfig&, const RelabelConfig&) = default;
};

class RelabelRule {
 public:
  // Errors, in Prometheus' words: InvalidArgument where keys are missing, do not go together or
  // are no label names ("relabel configuration for ...") and for the expression ("error parsing
  // regexp: ..."). FailedPrecondition for hashmod where the system's OpenSSL forbids MD5.
  static absl::StatusOr<RelabelRule> Create(RelabelConfig config);

  const RelabelConfig& config() const { return config_; }

  friend bool operator==(const RelabelRule& a, const RelabelRule& b) {
    return a.config_ == b.config_;
  }

 private:
  friend class Relabelling;
  RelabelRule(RelabelConfig config, std::shared_ptr<const re2::RE2> regex)
      : config_(std::move(config)), regex_(std::move(regex)) {}

  RelabelConfig config_;
  std::shared_ptr<const re2::RE2> regex_;
};

// What `rules` make of `labels`, each working on the result of the one before. nullopt: a rule
// drops the set. The result may be empty.
std::optional<Labels> Relabel(const Labels& labels, const std::vector<RelabelRule>& rules);

}  // namespace sloburn
