// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

namespace sloburn {
namespace {

constexpr char kTime[] = "2026-01-02T03:04:05.678Z";

TEST(Log, WritesLogfmt) {
  EXPECT_EQ(FormatLogLine(LogFormat::kLogfmt, kTime, LogLevel::kWarn, "Two words",
                          {{"file", "a.yml"}, {"err", "it's \"bad\""}, {"empty", ""}}),
            "time=2026-01-02T03:04:05.678Z level=WARN msg=\"Two words\" file=a.yml "
            "err=\"it's \\\"bad\\\"\" empty=\"\"");
}

TEST(Log, WritesJson) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, kTime, LogLevel::kError, "m", {{"k", "v\n"}}),
            R"({"time":"2026-01-02T03:04:05.678Z","level":"ERROR","msg":"m","k":"v\n"})");
}

TEST(Log, InputCannotStartALine) {
  for (const LogFormat format : {LogFormat::kLogfmt, LogFormat::kJson}) {
    const std::string line =
        FormatLogLine(format, kTime, LogLevel::kInfo, "a\nb", {{"k", "x\ntime=forged\r"}});
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_EQ(line.find('\r'), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace sloburn
