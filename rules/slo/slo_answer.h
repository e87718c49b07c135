// SPDX-License-Identifier: Apache-2.0
// Reads what a sloburn says at /api/v1/slos. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "rules/slo/report.h"

namespace sloburn::rules {

struct SloAnswer {
  std::vector<SloState> states;  // burn rates in the order of BurnRateWindows()
  std::vector<std::string> warnings;
};

// Errors: NotFound where `body` is no answer of this endpoint; FailedPrecondition with the server's
// words where it is an error.
absl::StatusOr<SloAnswer> ParseSloAnswer(std::string_view body);

}  // namespace sloburn::rules
