// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/engine/functions/call_function.h"

namespace sloburn::engine {
namespace {

using testing::ElementsAre;

// year, month, day_of_month, day_of_year, day_of_week, days_in_month, hour, minute.
std::vector<double> Parts(double seconds) {
  std::vector<double> parts;
  for (const char* name : {"year", "month", "day_of_month", "day_of_year", "day_of_week",
                           "days_in_month", "hour", "minute"}) {
    parts.push_back(CallPoint(name, seconds));
  }
  return parts;
}

TEST(DateParts, OfKnownTimes) {
  EXPECT_THAT(Parts(0), ElementsAre(1970, 1, 1, 1, 4, 31, 0, 0));
  EXPECT_THAT(Parts(1136239445), ElementsAre(2006, 1, 2, 2, 1, 31, 22, 4));
  EXPECT_THAT(Parts(1456790399), ElementsAre(2016, 2, 29, 60, 1, 29, 23, 59));
  EXPECT_THAT(Parts(-1), ElementsAre(1969, 12, 31, 365, 3, 31, 23, 59));
}

TEST(DateParts, FractionsAreCutTowardsZero) {
  EXPECT_THAT(Parts(59.999), ElementsAre(1970, 1, 1, 1, 4, 31, 0, 0));
  EXPECT_THAT(Parts(-0.9), ElementsAre(1970, 1, 1, 1, 4, 31, 0, 0));
}

// As a Prometheus server on amd64 answers.
TEST(DateParts, BeyondTheCalendar) {
  const auto overflow = ElementsAre(292277026596, 12, 4, 339, 0, 31, 15, 30);
  EXPECT_THAT(Parts(std::numeric_limits<double>::quiet_NaN()), overflow);
  EXPECT_THAT(Parts(std::numeric_limits<double>::infinity()), overflow);
  EXPECT_THAT(Parts(1e30), overflow);
  EXPECT_EQ(CallPoint("year", 1e18), 31688740476);
  EXPECT_EQ(CallPoint("year", -1e18), -31688736537);
  EXPECT_EQ(CallPoint("year", 9.2e18), 291536396232);
}

}  // namespace
}  // namespace sloburn::engine
