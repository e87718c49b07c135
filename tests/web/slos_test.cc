// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "rules/slo/spec_sloth.h"
#include "tests/web/api_fixture.h"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFile = R"(
version: prometheus/v1
service: gateway
slos:
- name: availability
  objective: 99
  window: 1h
  sli: {events: {error_query: 'sum(rate(errors[{{.window}}]))',
                 total_query: 'sum(rate(requests[{{.window}}]))'}}
- name: idle
  objective: 99.9
  sli: {raw: {error_ratio_query: 'sum(rate(nothing[{{.window}}]))'}}
)";

class SlosTest : public ApiFixture {
 protected:
  void SetUp() override {
    auto slos = rules::ParseSloFile("s.yaml", kFile, {});
    ASSERT_TRUE(slos.ok()) << slos.status();
    input_.slos = std::make_shared<const std::vector<rules::Slo>>(*std::move(slos));
    deps_.slos = [this] { return input_; };
    for (int minute = -60; minute <= 0; ++minute) {
      Append({{"__name__", "requests"}}, minute * 60'000, (minute + 60) * 1000);
      Append({{"__name__", "errors"}}, minute * 60'000, (minute + 60) * 5);
    }
  }
  rules::SloInput input_;
};

TEST_F(SlosTest, FiguresOfEachSlo) {
  Build();
  const Response response = Get("/api/v1/slos");
  EXPECT_EQ(response.status, 200);
  const auto document = nlohmann::json::parse(response.body);
  EXPECT_EQ(document["status"], "success");
  EXPECT_FALSE(document.contains("warnings"));
  const auto& slos = document["data"]["slos"];
  ASSERT_EQ(slos.size(), 2u);
  EXPECT_EQ(slos[0]["service"], "gateway");
  EXPECT_EQ(slos[0]["name"], "availability");
  EXPECT_EQ(slos[0]["objective"], 0.99);
  EXPECT_EQ(slos[0]["window"], "1h");
  EXPECT_NEAR(slos[0]["sli"].get<double>(), 0.995, 1e-9);
  EXPECT_NEAR(slos[0]["errorBudgetRemaining"].get<double>(), 0.5, 1e-9);
  EXPECT_EQ(slos[0]["burnRates"].size(), 8u);
  EXPECT_NEAR(slos[0]["burnRates"]["6h"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(slos[0]["secondsToExhaustion"].get<double>(), 3600, 1e-3);
  EXPECT_EQ(slos[1]["name"], "idle");
  EXPECT_TRUE(slos[1]["sli"].is_null());
  EXPECT_TRUE(slos[1]["burnRates"]["30d"].is_null());
}

TEST_F(SlosTest, WithoutSloFilesTheListIsEmpty) {
  deps_.slos = nullptr;
  Build();
  EXPECT_EQ(Get("/api/v1/slos").body, R"({"status":"success","data":{"slos":[]}})");
  EXPECT_EQ(Call("POST", "/api/v1/slos").status, 405);
}

TEST_F(SlosTest, AnInputWithoutSlosIsEmptyToo) {
  input_ = {};
  Build();
  EXPECT_EQ(Get("/api/v1/slos").body, R"({"status":"success","data":{"slos":[]}})");
}

TEST_F(SlosTest, WarningsAreInTheEnvelope) {
  input_.warnings = {"the figures are old"};
  Build();
  EXPECT_THAT(Get("/api/v1/slos").body, HasSubstr(R"(},"warnings":["the figures are old"]})"));
}

TEST_F(SlosTest, EndsWithTheRequestAndAtTheTimeout) {
  Build();
  Request cancelled;
  cancelled.cancelled->store(true);
  const Response gone = Call(cancelled, "/api/v1/slos");
  EXPECT_EQ(gone.status, 499);
  EXPECT_THAT(gone.body, HasSubstr(R"("errorType":"canceled")"));
  Request late;
  late.queue_time = deps_.query_options.timeout;
  const Response timeout = Call(late, "/api/v1/slos");
  EXPECT_EQ(timeout.status, 503);
  EXPECT_THAT(timeout.body, HasSubstr(R"("errorType":"timeout")"));
  EXPECT_EQ(router_.LaneFor("GET", "/api/v1/slos"), Lane::kQuery);
}

}  // namespace
}  // namespace sloburn::web
