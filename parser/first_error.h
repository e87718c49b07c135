// SPDX-License-Identifier: Apache-2.0
// Keeps the first of the mistakes found while a tree is built: the one that is reported. Private.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "parser/source_range.h"

namespace sloburn::parser {

class FirstError {
 public:
  explicit FirstError(std::string_view text) : text_(text) {}

  void Report(SourceRange range, std::string_view message) {
    if (!status_) status_ = ParseErrorAt(text_, range, message);
  }
  // What a status that is not OK says.
  void Report(SourceRange range, const absl::Status& problem) {
    if (!problem.ok()) Report(range, std::string(problem.message()));
  }
  // A limit was exceeded: ResourceExhausted.
  void ReportLimit(SourceRange range, std::string_view message) {
    if (!status_) {
      status_ = absl::ResourceExhaustedError(ParseErrorAt(text_, range, message).message());
    }
  }

  const std::optional<absl::Status>& status() const { return status_; }

 private:
  const std::string_view text_;
  std::optional<absl::Status> status_;
};

}  // namespace sloburn::parser
