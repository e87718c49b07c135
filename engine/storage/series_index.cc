// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/series_index.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace sloburn {
namespace {

using parser::MatchType;

// Above this many distinct values it is cheaper to test the candidates one by one.
constexpr size_t kManyValues = 64;

bool IsPositive(const Matcher& matcher) {
  return matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
}

std::vector<uint32_t> Intersect(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<uint32_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

void Unite(std::vector<uint32_t>& into, const std::vector<uint32_t>& more) {
  const size_t middle = into.size();
  into.insert(into.end(), more.begin(), more.end());
  std::inplace_merge(into.begin(), into.begin() + middle, into.end());
}

}  // namespace

std::optional<SeriesIndex::Id> SeriesIndex::Find(const Labels& labels) const {
  const auto found = ids_.find(labels);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

SeriesIndex::Id SeriesIndex::Add(const Labels& labels) {
  const Id id = static_cast<Id>(labels_.size());
  labels_.push_back(labels);
  ids_.emplace(labels, id);
  for (const auto [name, value] : labels) {
    auto values = postings_.find(name);
    if (values == postings_.end()) values = postings_.emplace(std::string(name), ValuePostings()).first;
    auto ids = values->second.find(value);
    if (ids == values->second.end()) {
      ids = values->second.emplace(std::string(value), Postings()).first;
    }
    ids->second.push_back(id);
  }
  return id;
}

// The ids a positive matcher accepts, or nullopt where they must be found by testing series.
std::optional<SeriesIndex::Postings> SeriesIndex::Lookup(const Matcher& matcher) const {
  if (!IsPositive(matcher) || matcher.matches_empty()) return std::nullopt;
  const auto values = postings_.find(matcher.name());
  if (values == postings_.end()) return Postings();
  Postings ids;
  if (!matcher.accepted_values().empty()) {
    for (const std::string& value : matcher.accepted_values()) {
      const auto found = values->second.find(value);
      if (found != values->second.end()) Unite(ids, found->second);
    }
    return ids;
  }
  for (const auto& [value, more] : values->second) {
    if (matcher.Matches(value)) ids.insert(ids.end(), more.begin(), more.end());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<SeriesIndex::Id> SeriesIndex::Select(const Matchers& matchers) const {
  std::optional<Postings> candidates;
  std::vector<const Matcher*> tests;
  // Known values first: they are cheap and leave few candidates.
  for (const Matcher& matcher : matchers) {
    if (!IsPositive(matcher) || matcher.accepted_values().empty()) continue;
    if (const auto ids = Lookup(matcher)) candidates = candidates ? Intersect(*candidates, *ids) : *ids;
  }
  for (const Matcher& matcher : matchers) {
    const bool is_known = IsPositive(matcher) && !matcher.accepted_values().empty();
    if (is_known && !matcher.matches_empty()) continue;
    const auto values = postings_.find(matcher.name());
    const size_t value_count = values == postings_.end() ? 0 : values->second.size();
    const bool should_test =
        candidates && (candidates->size() < value_count || value_count > kManyValues);
    const auto ids = should_test ? std::nullopt : Lookup(matcher);
    if (ids) {
      candidates = candidates ? Intersect(*candidates, *ids) : *ids;
    } else {
      tests.push_back(&matcher);
    }
  }
  if (!candidates) {
    candidates.emplace(labels_.size());
    std::iota(candidates->begin(), candidates->end(), 0);
  }
  std::erase_if(*candidates, [&](Id id) {
    return !std::all_of(tests.begin(), tests.end(), [&](const Matcher* matcher) {
      return matcher->Matches(labels_[id].Get(matcher->name()));
    });
  });
  return std::move(*candidates);
}

}  // namespace sloburn
