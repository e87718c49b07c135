// SPDX-License-Identifier: Apache-2.0
#include "web/api/result_json.h"

#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/float_text.h"
#include "gtest/gtest.h"

namespace sloburn::web {
namespace {

TEST(ResultJsonTest, TimestampsOfSparseSeriesAreTheirOwn) {
  Matrix matrix;
  matrix.push_back({Labels(), {{0, 1}, {1500, 2}, {3000, 3}}});
  matrix.push_back({Labels(), {{1500, 0.5}, {2250, 1}, {4001, -0.0}}});
  matrix.push_back({Labels(), {{-1500, 1e15}, {0, 9007199254740993.0}}});
  std::string out;
  ASSERT_TRUE(AppendResultJson(out, QueryValue(matrix), 1 << 20).ok());
  EXPECT_EQ(out, R"([{"metric":{},"values":[[0,"1"],[1.500,"2"],[3,"3"]]},)"
                 R"({"metric":{},"values":[[1.500,"0.5"],[2.250,"1"],[4.001,"-0"]]},)"
                 R"({"metric":{},"values":[[-1.500,"1000000000000000"],[0,"9007199254740992"]]}])");
}

TEST(ResultJsonTest, ValuesAreThoseOfTheSlowWriter) {
  std::mt19937_64 random(7);
  std::vector<double> values = {0,
                                -0.0,
                                1,
                                -1,
                                0.001,
                                -0.001,
                                1e-6,
                                9.99e-7,
                                1e21,
                                123456.789,
                                9007199254740992.0,
                                9007199254740993.0,
                                999999999999.999,
                                1e12,
                                1000000000000.001,
                                0.1 + 0.2,
                                5e-324,
                                1.7976931348623157e308};
  for (int i = 0; i < 20000; ++i) {
    values.push_back(std::bit_cast<double>(random()));
    const double digits = static_cast<double>(static_cast<int64_t>(random() >> (random() % 64)));
    values.push_back(digits / 1000);
    values.push_back(digits / 7);
    values.push_back(-digits / 1e5);
  }
  for (const double value : values) {
    std::string out, expected = R"([{"metric":{},"value":[1,")";
    ASSERT_TRUE(
        AppendResultJson(out, QueryValue(InstantVector{{Labels(), 1000, value}}), 1 << 20).ok());
    AppendSampleValue(expected, value);
    ASSERT_EQ(out, expected + "\"]}]");
  }
}

TEST(ResultJsonTest, AMatrixSeriesWithoutSamplesHasNoValues) {
  std::string out;
  ASSERT_TRUE(AppendResultJson(out, QueryValue(Matrix{{Labels(), {}}}), 1 << 20).ok());
  EXPECT_EQ(out, R"([{"metric":{}}])");
}

}  // namespace
}  // namespace sloburn::web
