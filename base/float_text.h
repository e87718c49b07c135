// SPDX-License-Identifier: Apache-2.0
// float64 <-> text exactly as Go's strconv does it, because users compare our texts with
// Prometheus'.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sloburn {

// strconv.FormatFloat(v, 'f', -1, 64): shortest digits, never an exponent. "+Inf" "-Inf" "NaN".
void AppendFloatF(std::string& out, double value);
std::string FormatFloatF(double value);

// strconv.FormatFloat(v, 'e', -1, 64): "1e+00", "2.5e-07".
std::string FormatFloatE(double value);

// Go's %v and %g: exponent form when the exponent is below -4 or at least 6.
std::string FormatFloatG(double value);

// Go's %g with ".0" where it would look like an integer: "1.0", "0.5", "+Inf".
std::string FormatOpenMetricsFloat(double value);

// A sample value in Prometheus' JSON: 'f', but 'e' when 0 < |v| < 1e-6 or |v| >= 1e21.
void AppendSampleValue(std::string& out, double value);

// Go's rule: underscores stand between digits, or behind a base's prefix.
bool HasGoodUnderscores(std::string_view text);

// strconv.ParseFloat(text, 64): decimal and hex floats, with underscores where Go has them;
// inf/infinity/nan in any case with optional sign. nullopt when the text is not a number. Out of
// range gives ±Inf and sets *out_of_range.
std::optional<double> ParseGoFloat(std::string_view text, bool* out_of_range = nullptr);

}  // namespace sloburn
