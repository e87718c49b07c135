// SPDX-License-Identifier: Apache-2.0
// What an alert generator has to show and to send, from the public checklist for alert generators
// and nothing else: a second, plain account of alert states that shares no code with rules/.
//
//   Track oven{{{"__name__", "oven_celsius"}}, {{6, 180}, {14, 260}}};  // 1.5 min, then 3.5 min
//   Model model(group);
//   std::vector<json> messages = model.Tick(t_ms);  // then Rules(), Alerts(), Visible(), history()
//
// All times are Unix milliseconds. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sloburn::rules {

using LabelMap = std::map<std::string, std::string>;

inline constexpr int64_t kReplayStartMs = 1'700'000'000'000;
inline constexpr int64_t kSampleIntervalMs = 15'000;

// A series with a sample each 15 s from the start on.
struct Track {
  struct Run {
    int samples = 0;
    std::optional<double> value;  // nullopt: that many are left out
  };

  LabelMap labels;  // with __name__
  std::vector<Run> runs;

  int size() const;
  std::optional<double> Sample(int index) const;
  // What a selector sees: the newest sample of the last five minutes.
  std::optional<double> At(int64_t time_ms) const;
};

// One element of a rule's result as the alert that it makes.
struct ModelElement {
  LabelMap labels;       // all that the alert has
  LabelMap annotations;  // expanded
  double value = 0;
};

class Model;

struct ModelRule {
  // What the file says, as /api/v1/rules shows it: name, query, duration, keepFiringFor, labels,
  // annotations.
  nlohmann::json configured;
  std::string generator_url;
  // The result for data of this time; the model has already evaluated the rules before this one.
  std::function<std::vector<ModelElement>(int64_t time_ms, const Model& model)> elements;
  // Why the query fails for data of this time; "" where it does not.
  std::function<std::string(int64_t time_ms)> failure = nullptr;
};

struct ModelGroup {
  std::string name;
  int64_t interval_ms = 30'000;
  int64_t resend_delay_ms = 60'000;
  int64_t query_offset_ms = 0;
  int64_t limit = 0;
  std::vector<ModelRule> rules = {};  // the alerting ones, in their order
  // Labels of an alert -> those that Alertmanager is to see, nullopt: it is not told. Null: the
  // same.
  std::function<std::optional<LabelMap>(LabelMap)> relabel = nullptr;
};

class Model {
 public:
  // Of one series, by time; nullopt: a staleness marker.
  using Samples = std::map<int64_t, std::optional<double>>;

  explicit Model(ModelGroup group);

  const ModelGroup& group() const { return group_; }

  // Evaluates the group. The messages due now, as objects of the array that is posted.
  std::vector<nlohmann::json> Tick(int64_t time_ms);

  // Of each rule what is configured, with state, health, lastError where there is one, and alerts.
  nlohmann::json Rules() const;
  // Pending and firing alerts of all rules: labels, annotations, state, activeAt, value and
  // keepFiringSince where it is set; times in milliseconds, the value a number.
  std::vector<nlohmann::json> Alerts() const;

  // What an instant query for the metric gives.
  std::vector<std::pair<LabelMap, double>> Visible(const std::string& metric,
                                                   int64_t time_ms) const;
  // All that was written, by labels with __name__.
  const std::map<LabelMap, Samples>& history() const { return history_; }

 private:
  struct Alert {
    LabelMap annotations;
    double value = 0;
    int64_t active_ms = 0;
    std::optional<int64_t> fired_ms, absent_ms, resolved_ms, sent_ms;

    bool is_active() const { return !resolved_ms; }
    std::string State() const {
      return !is_active() ? "inactive" : fired_ms ? "firing" : "pending";
    }
  };
  struct Progress {
    bool is_evaluated = false;
    std::string error;
    std::map<LabelMap, Alert> alerts;
    std::map<LabelMap, double> written;  // by the last evaluation that succeeded
  };

  void Evaluate(const ModelRule& rule, int64_t time_ms, Progress& progress);
  void Advance(const ModelRule& rule, const std::vector<ModelElement>& elements, int64_t time_ms,
               Progress& progress) const;
  void Write(int64_t time_ms, Progress& progress);
  void Send(const ModelRule& rule, int64_t time_ms, Progress& progress,
            std::vector<nlohmann::json>& messages) const;
  static std::vector<nlohmann::json> AlertsOf(const Progress& progress);

  const ModelGroup group_;
  std::vector<Progress> progress_;  // of each rule
  std::map<LabelMap, Samples> history_;
};

}  // namespace sloburn::rules
