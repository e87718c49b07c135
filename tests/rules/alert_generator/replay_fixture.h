// SPDX-License-Identifier: Apache-2.0
// Runs an alert generator for many minutes of test time and holds all that it shows to a model.
//
//   const Track oven{...};
//   Start(kRuleFile, group, {oven});  // group: what the model is to make of it
//   Run(80);                          // ticks; each is compared in full
//   EXPECT_EQ(Sent({{"alertname", "OvenTooHot"}}), "F13 F16 R19");
//
// Everything between the two ends is real: samples come in by remote write, rules are read from
// YAML and evaluated by the manager, messages go through the notifier to an HTTP receiver on
// loopback, and what is shown is asked of the API. After each tick /api/v1/rules, /api/v1/alerts,
// queries of ALERTS and ALERTS_FOR_STATE and the messages must be those of the model, and at the
// end all that was stored, staleness markers included.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "engine/model/relabel.h"
#include "rules/manager.h"
#include "rules/notifier/notifier.h"
#include "tests/engine/remote/fake_server.h"
#include "tests/rules/alert_generator/alert_model.h"
#include "tests/web/api_fixture.h"

namespace sloburn::rules {

// What the group's file does not say.
struct ReplaySettings {
  std::map<std::string, std::string> external_labels = {};
  std::vector<RelabelRule> alert_relabel = {};
};

class ReplayFixture : public web::ApiFixture {
 protected:
  static constexpr std::string_view kExternalUrl = "http://burn.example:9095";
  // Ticks are not at the times of samples, and the clock is a little later than the tick's own
  // time.
  static constexpr int64_t kFirstTickMs = kReplayStartMs + 4'250;
  static constexpr int64_t kLatenessMs = 180;

  ReplayFixture();

  // Loads the file, which must hold the one group, and tells the notifier of the receiver.
  void Start(std::string_view rule_file, ModelGroup group, std::vector<Track> tracks,
             const ReplaySettings& settings = {});

  // The next ticks. Ends at the first that is not as the model says.
  void Run(int ticks);

  // What was received of alerts with these labels, in order: F (firing) or R (resolved) and the
  // tick, from 0 on.
  std::string Sent(const LabelMap& labels) const;
  // The message of that index among these; null where there are not so many.
  nlohmann::json SentAlert(const LabelMap& labels, int index) const;
  // An annotation in these messages, each text once where it comes again and again: "a > b > a".
  std::string SentTexts(const LabelMap& labels, const std::string& annotation) const;
  // All series of the result as "value", at the time of the last tick; in the order of the answer.
  std::vector<std::string> Query(std::string_view expr);

  // Of the last tick that was run.
  int64_t tick_ms() const { return kFirstTickMs + tick_ * model_->group().interval_ms; }

  std::unique_ptr<Manager> manager_;
  std::unique_ptr<Model> model_;

  // `data` of the API's answer, which must be a success.
  nlohmann::json Data(std::string_view target);
  // Writes what is due by `time_ms`, by remote write.
  void Feed(int64_t time_ms);
  // What the receiver got since the last call, all that was handed to the notifier included.
  std::vector<nlohmann::json> TakeMessages();
  // ALERTS and ALERTS_FOR_STATE as they are in the store.
  std::map<LabelMap, Model::Samples> StoredAlerts() const;

 private:
  struct Received {
    int tick = 0;
    nlohmann::json alert;
  };

  void CheckTick(const std::vector<nlohmann::json>& expected_messages);
  void CheckRules();
  void CheckSeries(const std::string& metric);
  void CheckMessages(std::vector<nlohmann::json> expected);
  bool IsOf(const Received& received, const LabelMap& labels) const;

  absl::Mutex mutex_;
  std::vector<nlohmann::json> inbox_ ABSL_GUARDED_BY(mutex_);
  remote::FakeServer alertmanager_;
  std::unique_ptr<Notifier> notifier_;
  std::vector<Track> tracks_;
  int next_sample_ = 0;
  int tick_ = -1;
  std::vector<Received> received_;
};

}  // namespace sloburn::rules
