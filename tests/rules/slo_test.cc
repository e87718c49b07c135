// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/str_cat.h"
#include "engine/storage/memory_storage.h"
#include "rules/slo/evaluation.h"
#include "rules/slo/slo_answer.h"
#include "rules/slo/slo_files.h"
#include "rules/slo/spec_sloth.h"

namespace sloburn::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;

std::string File(std::string_view service, std::string_view slos) {
  return StrCat("version: prometheus/v1\nservice: ", service, "\nslos:\n", slos);
}

std::string Events(std::string_view name, std::string_view more = "") {
  return StrCat("- name: ", name, "\n  objective: 99\n", more, "  sli:\n    events:\n",
                "      error_query: 'sum(rate(errors[{{.window}}]))'\n",
                "      total_query: 'sum(rate(requests[{{.window}}]))'\n");
}

class SloTest : public ::testing::Test {
 protected:
  SloTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              StrCat("slo_test_", getpid(), "_",
                     ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~SloTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  void Write(const char* name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  absl::StatusOr<std::vector<Slo>> Read(SloFileOptions options = {}) const {
    return ReadSloFiles({Path("*.yaml")}, options);
  }
  std::string ErrorOfReading(SloFileOptions options = {}) const {
    const auto slos = Read(options);
    return slos.ok() ? "no error" : std::string(slos.status().message());
  }
  SloInput Input(const std::string& file) const {
    auto slos = ParseSloFile("s.yaml", file, {});
    EXPECT_TRUE(slos.ok()) << slos.status();
    SloInput input;
    input.slos = std::make_shared<const std::vector<Slo>>(*std::move(slos));
    return input;
  }

  // A counter that grows by `step` each minute of [from, to].
  void Count(const std::string& metric, int64_t from_ms, int64_t to_ms, double step) {
    const auto appender = storage_.NewAppender();
    const Labels labels = Labels::FromPairs({{"__name__", metric}});
    double value = 0;
    for (int64_t t = from_ms; t <= to_ms; t += kMinuteMs) {
      ASSERT_TRUE(appender->Append(labels, t, value).ok());
      value += step;
    }
    ASSERT_TRUE(appender->Commit().ok());
  }

  absl::StatusOr<SloEvaluation> Evaluate(const SloInput& input, int64_t now_ms,
                                         engine::QueryOptions options = {}) {
    return EvaluateSlos(input, *storage_.TakeSnapshot(), now_ms, options);
  }

  std::filesystem::path folder_;
  MemoryStorage storage_;
};

TEST_F(SloTest, ObjectivesAreTheDoublesNearestToTheirRatio) {
  for (const auto& [percent, ratio] :
       {std::pair("99.9", 0.999), std::pair("99.95", 0.9995), std::pair("90", 0.9)}) {
    std::string text = File("s", Events("a"));
    text.replace(text.find("objective: 99") + 11, 2, percent);
    EXPECT_EQ(Input(text).slos->at(0).objective, ratio) << percent;
  }
}

TEST_F(SloTest, FilesAreReadInOrderOfTheirPaths) {
  Write("b.yaml", File("b", Events("one")));
  Write("a.yaml", File("a", Events("two") + Events("one", "  window: 7d\n")));
  Write("ignored.txt", "no SLOs");
  const auto slos = ReadSloFiles({Path("*.yaml"), Path("a.yaml"), Path("missing*")}, {});
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 3u);
  EXPECT_EQ((*slos)[0].service + "/" + (*slos)[0].name, "a/two");
  EXPECT_EQ((*slos)[1].service + "/" + (*slos)[1].name, "a/one");
  EXPECT_EQ((*slos)[1].window, absl::Hours(24 * 7));
  EXPECT_EQ((*slos)[2].service + "/" + (*slos)[2].name, "b/one");
  EXPECT_EQ((*slos)[2].file, Path("b.yaml"));
  EXPECT_EQ((*slos)[2].line, 4);
  EXPECT_EQ((*slos)[2].column, 3);
}

TEST_F(SloTest, AllErrorsOfAllFilesAreReportedWithTheirPlaces) {
  Write("a.yaml",
        "version: prometheus/v1\nservice: s\nslos:\n- name: n\n  objective: 101\n"
        "  sli:\n    events:\n      error_query: 'sum('\n      total_query: 'x[5m]'\n");
  Write("b.yaml", "slos: [\n");
  Write("c.yaml", File("s", Events("n")) + "---\n" + File("s", Events("m")));
  Write("d.yaml", "");
  const std::string errors = ErrorOfReading();
  EXPECT_THAT(errors, HasSubstr(Path("a.yaml") + ":4:3: objective must be a percentage"));
  EXPECT_THAT(errors, HasSubstr(Path("a.yaml") + ":8:20: 1:5: parse error: "));
  EXPECT_THAT(errors, HasSubstr(Path("a.yaml") +
                                ":9:20: the query must give an instant vector or a scalar"));
  EXPECT_THAT(errors, HasSubstr(Path("b.yaml") + ":"));
  EXPECT_THAT(errors, HasSubstr(Path("c.yaml") + ":11:1: only one YAML document is allowed"));
  EXPECT_THAT(errors, HasSubstr(Path("d.yaml") + ":1:1: the file is empty"));
}

TEST_F(SloTest, AServiceHasEachNameOnce) {
  Write("a.yaml", File("s", Events("n")));
  Write("b.yaml", File("other", Events("n")));
  EXPECT_EQ(ErrorOfReading(), "no error");
  Write("c.yaml", File("s", Events("m") + Events("n")));
  EXPECT_EQ(ErrorOfReading(),
            StrCat(Path("c.yaml"), ":10:3: SLO \"n\" of service \"s\" is defined at ",
                   Path("a.yaml"), ":4:3 already; give one of them another name"));
}

TEST_F(SloTest, FilesAndSlosAreLimited) {
  Write("a.yaml", File("a", Events("n")));
  Write("b.yaml", File("b", Events("n")));
  SloFileOptions options;
  options.max_files = 1;
  EXPECT_EQ(Read(options).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorOfReading(options), "the patterns match 2 SLO files; at most 1 are loaded");
  options.max_files = 2;
  options.max_slos = 1;
  EXPECT_EQ(ErrorOfReading(options), "slo_files hold 2 SLOs; at most 1 are evaluated");
  options.max_slos = 2;
  EXPECT_EQ(ErrorOfReading(options), "no error");
}

TEST_F(SloTest, SelectorsReachBackTheLongestWindow) {
  const auto read = [&](std::string_view window) {
    return SelectorsOf(*Input(File("s", Events("n", window))).slos, {});
  };
  const auto with_default = read("");
  ASSERT_EQ(with_default.size(), 2u);  // eight windows, two sets of matchers
  EXPECT_EQ(with_default[0].matchers[0].value(), "errors");
  EXPECT_EQ(with_default[1].matchers[0].value(), "requests");
  for (const auto& selector : with_default) {
    EXPECT_GE(selector.oldest_ms, 30 * kDayMs);
    EXPECT_LT(selector.oldest_ms, 31 * kDayMs);
  }
  EXPECT_GE(read("  window: 90d\n")[0].oldest_ms, 90 * kDayMs);
  // The burn windows need 30 days even where the SLO's own window is short.
  EXPECT_GE(read("  window: 1h\n")[0].oldest_ms, 30 * kDayMs);
}

TEST_F(SloTest, FiguresComeFromTheStore) {
  Count("requests", 0, 60 * kMinuteMs, 1000);
  Count("errors", 0, 60 * kMinuteMs, 5);
  const auto result = Evaluate(Input(File("s", Events("n", "  window: 1h\n"))), 60 * kMinuteMs);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->warnings, IsEmpty());
  ASSERT_EQ(result->states.size(), 1u);
  const SloState& state = result->states[0];
  EXPECT_NEAR(state.sli.value(), 0.995, 1e-9);
  EXPECT_NEAR(state.budget_remaining.value(), 0.5, 1e-9);
  ASSERT_EQ(state.burn_rates.size(), 8u);
  for (const BurnRate& burn : state.burn_rates) EXPECT_NEAR(burn.rate.value(), 0.5, 1e-9);
  EXPECT_NEAR(absl::ToDoubleMinutes(state.exhaustion.value()), 60, 1e-6);
}

TEST_F(SloTest, WhatTheSourceHasNotGivenYetIsNotEvaluated) {
  Count("requests", 0, 20 * kMinuteMs, 1000);
  Count("errors", 0, 10 * kMinuteMs, 0);
  SloInput input = Input(File("s", Events("n", "  window: 5m\n")));
  input.complete_to_ms = 10 * kMinuteMs;
  input.warnings = {"as of minute 10"};
  const auto result = Evaluate(input, 20 * kMinuteMs);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->states[0].sli, 1.0);  // at minute 20 there would be no errors series at all
  EXPECT_THAT(result->warnings, ElementsAre("as of minute 10"));
}

class ShortCoverage : public Coverage {
 public:
  bool Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
              std::string* why) const override {
    if (eval_ms - selector.oldest_ms >= from_ms) return true;
    *why = "not loaded";
    return false;
  }
  int64_t from_ms = 0;
};

TEST_F(SloTest, WindowsThatAreNotLoadedHaveNoFigures) {
  const int64_t now = 31 * kDayMs;
  Count("requests", now - 60 * kMinuteMs, now, 1000);
  Count("errors", now - 60 * kMinuteMs, now, 5);
  ShortCoverage coverage;
  coverage.from_ms = now - 60 * kMinuteMs;
  SloInput input = Input(File("s", Events("n")));
  input.coverage = &coverage;
  const auto result = Evaluate(input, now);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->warnings, ElementsAre("SLO \"n\" of service \"s\": warming: not loaded"));
  const SloState& state = result->states[0];
  EXPECT_FALSE(state.sli.has_value());
  EXPECT_FALSE(state.budget_remaining.has_value());
  EXPECT_TRUE(state.burn_rates[0].rate.has_value());   // 5m
  EXPECT_TRUE(state.burn_rates[1].rate.has_value());   // 30m
  EXPECT_FALSE(state.burn_rates[3].rate.has_value());  // 2h
  EXPECT_FALSE(state.burn_rates[7].rate.has_value());  // 30d
}

TEST_F(SloTest, AnSloThatFailsDoesNotTakeTheOthersWithIt) {
  Count("requests", 0, 60 * kMinuteMs, 1000);
  Count("errors", 0, 60 * kMinuteMs, 5);
  const std::string many =
      "- name: many\n  objective: 99\n  sli:\n    raw:\n"
      "      error_ratio_query: 'rate({__name__=~\"errors|requests\"}"
      "[{{.window}}])'\n";
  const auto result = Evaluate(Input(File("s", many + Events("n"))), 60 * kMinuteMs);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->states.size(), 2u);
  EXPECT_EQ(result->states[0].slo.name, "many");
  EXPECT_FALSE(result->states[0].sli.has_value());
  EXPECT_EQ(result->states[0].burn_rates.size(), 8u);
  EXPECT_TRUE(result->states[1].sli.has_value());
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], HasSubstr("SLO \"many\" of service \"s\": "));
}

TEST_F(SloTest, TheLimitsOfQueriesHold) {
  Count("requests", 0, 60 * kMinuteMs, 1000);
  const SloInput input = Input(File("s", Events("n")));
  engine::QueryOptions options;
  options.timeout = absl::ZeroDuration();
  EXPECT_EQ(Evaluate(input, 0, options).status().code(), absl::StatusCode::kDeadlineExceeded);
  options = {};
  const std::atomic<bool> cancelled{true};
  options.cancelled = &cancelled;
  EXPECT_EQ(Evaluate(input, 60 * kMinuteMs, options).status().code(), absl::StatusCode::kCancelled);
  options = {};
  options.max_samples = 0;
  const auto limited = Evaluate(input, 60 * kMinuteMs, options);
  ASSERT_TRUE(limited.ok()) << limited.status();
  ASSERT_EQ(limited->warnings.size(), 1u);
  EXPECT_THAT(limited->warnings[0], HasSubstr("too many samples into memory in query execution"));
}

TEST_F(SloTest, AnswersOfTheServerAreReadBack) {
  Count("requests", 0, 60 * kMinuteMs, 1000);
  Count("errors", 0, 60 * kMinuteMs, 5);
  const auto result =
      Evaluate(Input(File("s", Events("n", "  window: 1h\n") + Events("idle"))), 60 * kMinuteMs);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string body =
      StrCat(R"({"status":"success","data":{"slos":)",
             SloJson(result->states, JsonLayout::kCompact), R"(},"warnings":["w1","w2"]})");
  EXPECT_EQ(body.find('\n'), std::string::npos);
  const auto answer = ParseSloAnswer(body);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(SloTable(answer->states, false), SloTable(result->states, false));
  EXPECT_EQ(SloJson(answer->states), SloJson(result->states));
  EXPECT_THAT(answer->warnings, ElementsAre("w1", "w2"));
}

TEST(SloAnswer, OtherAnswersAreTold) {
  for (const char* body :
       {"", "<html>", "{}", "[]", "null", R"({"status":"success","data":{}})",
        R"({"status":"success","data":{"slos":[{}]}})", R"({"status":"error"})", R"({"status":1})",
        R"({"status":"success","data":{"slos":[]},"warnings":3})"}) {
    EXPECT_EQ(ParseSloAnswer(body).status().code(), absl::StatusCode::kNotFound) << body;
  }
  const auto error = ParseSloAnswer(R"({"status":"error","errorType":"timeout","error":"late"})");
  EXPECT_EQ(error.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(error.status().message(), "late");
  const auto none = ParseSloAnswer(R"({"status":"success","data":{"slos":[]}})");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->states, IsEmpty());
}

}  // namespace
}  // namespace sloburn::rules
