// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <atomic>
#include <cstdio>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/json_writer.h"

namespace sloburn {
namespace {

std::atomic<LogLevel> lowest_level{LogLevel::kInfo};
std::atomic<LogFormat> line_format{LogFormat::kLogfmt};

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarn: return "WARN";
    case LogLevel::kError: return "ERROR";
  }
  return "INFO";
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const unsigned char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) return true;
  }
  return false;
}

void AppendLogfmtValue(std::string& out, std::string_view value) {
  if (NeedsQuotes(value)) {
    AppendJsonString(out, value);
  } else {
    out += value;
  }
}

}  // namespace

void SetLogOptions(LogLevel lowest, LogFormat format) {
  lowest_level = lowest;
  line_format = format;
}

std::string FormatLogLine(LogFormat format, std::string_view time_text, LogLevel level,
                          std::string_view message, std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line += "{\"time\":";
    AppendJsonString(line, time_text);
    line += ",\"level\":";
    AppendJsonString(line, LevelName(level));
    line += ",\"msg\":";
    AppendJsonString(line, message);
    for (const auto& [key, value] : fields) {
      line += ',';
      AppendJsonString(line, key);
      line += ':';
      AppendJsonString(line, value);
    }
    line += '}';
    return line;
  }
  line += "time=";
  line += time_text;
  line += " level=";
  line += LevelName(level);
  line += " msg=";
  AppendLogfmtValue(line, message);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    AppendLogfmtValue(line, value);
  }
  return line;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < lowest_level.load()) return;
  const std::string now =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  std::string line = FormatLogLine(line_format.load(), now, level, message, fields);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace sloburn
