// SPDX-License-Identifier: Apache-2.0
// The values of request parameters, read as Prometheus reads them and refused in its words.
// Errors are InvalidArgument; those of the *Parameter functions name the parameter.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "web/form.h"

namespace sloburn::web {

// The bounds that stand for "all time" where start or end is not given.
absl::Time MinApiTime();
absl::Time MaxApiTime();

// Unix seconds as a float (rounded to ms), or RFC 3339.
absl::StatusOr<absl::Time> ParseApiTime(std::string_view text);
// Seconds as a float, or a Prometheus duration.
absl::StatusOr<absl::Duration> ParseApiDuration(std::string_view text);

absl::StatusOr<absl::Time> TimeParameter(const Form& form, std::string_view name,
                                         absl::Time default_time);
// 0: no limit.
absl::StatusOr<int64_t> LimitParameter(const Form& form, std::string_view name = "limit");

// strconv.Atoi, with its error texts.
absl::StatusOr<int64_t> ParseGoInteger(std::string_view text, std::string_view function);

// Milliseconds since the epoch, rounded down, within the bounds that the engine computes with.
int64_t ToEngineMs(absl::Time time);

}  // namespace sloburn::web
