// SPDX-License-Identifier: Apache-2.0
// Structured log lines on stderr, as logfmt or JSON, in the layout Prometheus users know:
//
//   Log(LogLevel::kInfo, "Loading configuration file", {{"filename", path}});
//   time=2026-01-02T03:04:05.678Z level=INFO msg="Loading configuration file" filename=a.yml
//
// Values are escaped, so no input can start a line of its own. Never log secrets.
// Threads: every function may be called from any thread; a line is written whole.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sloburn {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

// Call once at start. Defaults: kInfo, kLogfmt.
void SetLogOptions(LogLevel lowest, LogFormat format);

using LogField = std::pair<std::string_view, std::string>;

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// The line without its end; exposed for tests. `time_text` is RFC 3339.
std::string FormatLogLine(LogFormat format, std::string_view time_text, LogLevel level,
                          std::string_view message, std::initializer_list<LogField> fields);

}  // namespace sloburn
