// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/series_index.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <numeric>

namespace sloburn {
namespace {

using parser::MatchType;

// Above this many distinct values nobody counts the series of each.
constexpr size_t kManyValues = 64;

bool IsPositive(const Matcher& matcher) {
  return matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
}

bool HasKnownValues(const Matcher& matcher) {
  return IsPositive(matcher) && !matcher.matches_empty() && !matcher.accepted_values().empty();
}

// Leaves those that are in `others` too; both ascend.
void Keep(std::vector<uint32_t>& ids, const std::vector<uint32_t>& others) {
  auto from = others.begin();
  const bool is_sparse = ids.size() < others.size() / 16;
  std::erase_if(ids, [&](uint32_t id) {
    from = is_sparse ? std::lower_bound(from, others.end(), id)
                     : std::find_if(from, others.end(), [&](uint32_t one) { return one >= id; });
    return from == others.end() || *from != id;
  });
}

// About how many series have to be handled to find those of some values.
template <typename ValuePostings>
size_t LookupCost(const ValuePostings& values) {
  if (values.size() > kManyValues) return std::numeric_limits<size_t>::max();
  size_t cost = values.size();
  for (const auto& [value, ids] : values) cost += ids.size();
  return cost;
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

const SeriesIndex::ValuePostings* SeriesIndex::ValuesOf(const Matcher& matcher) const {
  const auto values = postings_.find(matcher.name());
  return values == postings_.end() ? nullptr : &values->second;
}

const SeriesIndex::Postings& SeriesIndex::LookupKnown(const Matcher& matcher,
                                                      Postings& room) const {
  room.clear();
  const ValuePostings* const values = ValuesOf(matcher);
  if (values == nullptr) return room;
  for (const std::string& value : matcher.accepted_values()) {
    const auto found = values->find(value);
    if (found == values->end()) continue;
    if (matcher.accepted_values().size() == 1) return found->second;
    Unite(room, found->second);
  }
  return room;
}

std::optional<SeriesIndex::Postings> SeriesIndex::SelectKnown(const Matchers& matchers) const {
  std::deque<Postings> rooms;  // its elements stay where they are
  std::vector<const Postings*> lists;
  for (const Matcher& matcher : matchers) {
    if (HasKnownValues(matcher)) lists.push_back(&LookupKnown(matcher, rooms.emplace_back()));
  }
  if (lists.empty()) return std::nullopt;
  std::sort(lists.begin(), lists.end(),
            [](const Postings* a, const Postings* b) { return a->size() < b->size(); });
  Postings candidates = *lists.front();
  for (size_t i = 1; i < lists.size(); ++i) Keep(candidates, *lists[i]);
  return candidates;
}

SeriesIndex::Postings SeriesIndex::Lookup(const Matcher& matcher) const {
  Postings ids;
  const ValuePostings* const values = ValuesOf(matcher);
  if (values == nullptr) return ids;
  for (const auto& [value, more] : *values) {
    if (matcher.Matches(value)) ids.insert(ids.end(), more.begin(), more.end());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<SeriesIndex::Id> SeriesIndex::Select(const Matchers& matchers) const {
  // Known values first: they are cheap and leave few candidates.
  std::optional<Postings> candidates = SelectKnown(matchers);
  std::vector<const Matcher*> tests;
  for (const Matcher& matcher : matchers) {
    if (HasKnownValues(matcher)) continue;
    const ValuePostings* const values = ValuesOf(matcher);
    const bool can_look_up = IsPositive(matcher) && !matcher.matches_empty();
    const bool should_test =
        candidates && (values == nullptr || candidates->size() < LookupCost(*values));
    if (!can_look_up || should_test) {
      tests.push_back(&matcher);
    } else if (candidates) {
      Keep(*candidates, Lookup(matcher));
    } else {
      candidates = Lookup(matcher);
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
  return *std::move(candidates);
}

}  // namespace sloburn
