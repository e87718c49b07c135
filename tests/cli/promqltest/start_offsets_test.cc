// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/start_offsets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sloburn::cli {
namespace {

using testing::ElementsAre;
using testing::Optional;

constexpr std::optional<int64_t> kNone;

TEST(StartOffsets, KnowTheirLines) {
  EXPECT_THAT(StartLineMetric("x{a=\"b\"}@st -1m"), Optional(std::string_view("x{a=\"b\"}")));
  EXPECT_EQ(StartLineMetric("x 1 2"), std::nullopt);
  EXPECT_EQ(StartLineMetric(""), std::nullopt);
}

TEST(StartOffsets, AreExpanded) {
  const auto offsets = ParseStartOffsets("x@st _ -1m _x2 -30s-1mx2 1msx1 0", 100);
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_THAT(*offsets, ElementsAre(kNone, -60'000, kNone, kNone, -30'000, -90'000, -150'000, 1, 1,
                                    0));
}

TEST(StartOffsets, NameWhatIsWrong) {
  const auto error = [](std::string_view line) {
    return std::string(ParseStartOffsets(line, 10).status().message());
  };
  EXPECT_EQ(error("x@st _x"), "invalid @st sequence: invalid ST item \"_x\": invalid repeat count");
  EXPECT_EQ(error("x@st 1m+1m"), "invalid @st sequence: invalid ST item \"1m+1m\": expected "
                                 "'x<count>' after step duration");
  EXPECT_EQ(error("x@st 1mx99"), "invalid @st sequence: invalid ST item \"1mx99\": more values than "
                                 "a series can have");
  EXPECT_THAT(error("x@st 1q"), testing::HasSubstr("invalid ST item \"1q\""));
}

}  // namespace
}  // namespace sloburn::cli
