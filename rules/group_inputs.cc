// SPDX-License-Identifier: Apache-2.0
#include "rules/group_inputs.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sloburn::rules {
namespace {

using Edges = std::vector<std::set<size_t>>;  // by group: what it reads from

// Of series that have these labels, and others that are not known.
bool MaySelect(const Matchers& matchers, const std::vector<Label>& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    return std::all_of(labels.begin(), labels.end(), [&](const Label& label) {
      return label.name != matcher.name() || matcher.Matches(label.value);
    });
  });
}

// The rules that write one metric, and the labels that all series of each have.
class Writers {
 public:
  void Add(size_t group, std::vector<Label> labels) {
    const size_t position = rules_.size();
    for (const Label& label : labels) {
      ByValue& values = by_label_[label.name];
      values.positions[label.value].push_back(position);
      ++values.rules;
    }
    rules_.push_back({group, std::move(labels)});
  }

  // The groups of rules whose series `matchers`, beside their metric, may select.
  void Find(const Matchers& matchers, std::set<size_t>& groups) const {
    const auto take = [&](size_t position) {
      if (MaySelect(matchers, rules_[position].labels)) groups.insert(rules_[position].group);
    };
    // Generated rules write one metric for thousands of services, one each.
    for (const Matcher& matcher : matchers) {
      if (matcher.type() != parser::MatchType::kEqual || matcher.matches_empty()) continue;
      const auto values = by_label_.find(matcher.name());
      if (values == by_label_.end() || values->second.rules < rules_.size()) continue;
      const auto found = values->second.positions.find(matcher.value());
      if (found == values->second.positions.end()) return;
      for (const size_t position : found->second) take(position);
      return;
    }
    for (size_t i = 0; i < rules_.size(); ++i) take(i);
  }

 private:
  struct One {
    size_t group;
    std::vector<Label> labels;
  };
  struct ByValue {
    std::unordered_map<std::string, std::vector<size_t>> positions;
    size_t rules = 0;  // that have the label
  };

  std::vector<One> rules_;
  std::unordered_map<std::string, ByValue> by_label_;
};

using WritersByMetric = std::map<std::string, Writers, std::less<>>;

WritersByMetric RecordingWriters(const std::vector<const GroupDefinition*>& groups) {
  WritersByMetric writers;
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const Rule& rule : groups[i]->rules) {
      if (std::holds_alternative<RecordingRule>(rule)) writers[NameOf(rule)].Add(i, LabelsOf(rule));
    }
  }
  return writers;
}

WritersByMetric AlertingWriters(const std::vector<const GroupDefinition*>& groups) {
  WritersByMetric writers;
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const Rule& rule : groups[i]->rules) {
      if (!std::holds_alternative<AlertingRule>(rule)) continue;
      // Its other labels may be templates.
      const std::vector<Label> labels = {{std::string(kAlertNameLabel), NameOf(rule)}};
      writers[std::string(kAlertsMetric)].Add(i, labels);
      writers[std::string(kAlertsForStateMetric)].Add(i, labels);
    }
  }
  return writers;
}

void FindInputs(const Matchers& matchers, const WritersByMetric& writers,
                std::set<size_t>& groups) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() != kMetricName || matcher.type() != parser::MatchType::kEqual) continue;
    const auto found = writers.find(matcher.value());
    if (found != writers.end()) found->second.Find(matchers, groups);
    return;
  }
  for (const auto& [metric, rules] : writers) {
    if (MaySelect(matchers, {{std::string(kMetricName), metric}})) rules.Find(matchers, groups);
  }
}

Edges EdgesTo(const WritersByMetric& writers, const std::vector<const GroupDefinition*>& groups) {
  Edges edges(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const Rule& rule : groups[i]->rules) {
      for (const engine::PreparedQuery::Selector& selector : QueryOf(rule).selectors()) {
        FindInputs(selector.matchers, writers, edges[i]);
      }
    }
    edges[i].erase(i);
  }
  return edges;
}

// Numbers groups so that those which reach each other have the same number (Tarjan's strongly
// connected components, without recursion).
class Components {
 public:
  explicit Components(const Edges& edges)
      : edges_(edges), order_(edges.size(), 0), low_(edges.size(), 0), number_(edges.size(), kNone) {
    for (size_t i = 0; i < edges.size(); ++i) {
      if (order_[i] == 0) Walk(i);
    }
  }
  size_t operator[](size_t group) const { return number_[group]; }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  struct Step {
    size_t group;
    std::set<size_t>::const_iterator next;
  };

  void Enter(size_t group, std::vector<Step>& path) {
    order_[group] = low_[group] = ++visited_;
    open_.push_back(group);
    path.push_back({group, edges_[group].begin()});
  }

  void Walk(size_t start) {
    std::vector<Step> path;
    Enter(start, path);
    while (!path.empty()) {
      const size_t group = path.back().group;
      if (path.back().next != edges_[group].end()) {
        const size_t to = *path.back().next++;
        if (order_[to] == 0) {
          Enter(to, path);
        } else if (number_[to] == kNone) {
          low_[group] = std::min(low_[group], order_[to]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low_[path.back().group] = std::min(low_[path.back().group], low_[group]);
      if (low_[group] == order_[group]) Close(group);
    }
  }

  void Close(size_t root) {
    size_t group = kNone;
    do {
      group = open_.back();
      open_.pop_back();
      number_[group] = root;
    } while (group != root);
  }

  const Edges& edges_;
  std::vector<size_t> order_, low_, number_;
  std::vector<size_t> open_;
  size_t visited_ = 0;
};

}  // namespace

std::vector<std::vector<size_t>> InputsOf(const std::vector<const GroupDefinition*>& groups) {
  const Edges recorded = EdgesTo(RecordingWriters(groups), groups);
  Edges all = EdgesTo(AlertingWriters(groups), groups);
  for (size_t i = 0; i < groups.size(); ++i) all[i].insert(recorded[i].begin(), recorded[i].end());
  const Components of_recorded(recorded), of_all(all);
  std::vector<std::vector<size_t>> inputs(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const size_t other : all[i]) {
      // A group that counts alerts reads from all that may read from it.
      const Components& components = recorded[i].contains(other) ? of_recorded : of_all;
      if (components[other] != components[i]) inputs[i].push_back(other);
    }
  }
  return inputs;
}

}  // namespace sloburn::rules
