// SPDX-License-Identifier: Apache-2.0
// Label sets -> series ids, and the inverted index that answers matchers.
//
// Ids count from 0 in order of creation and are never reused. Not thread-safe: the owner locks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/model/labels.h"
#include "engine/model/matcher.h"

namespace sloburn {

class SeriesIndex {
 public:
  using Id = uint32_t;

  std::optional<Id> Find(const Labels& labels) const;
  // REQUIRES: not yet present.
  Id Add(const Labels& labels);

  const Labels& labels(Id id) const { return labels_[id]; }
  size_t size() const { return labels_.size(); }

  // The ids that satisfy every matcher, ascending. No matchers: all.
  std::vector<Id> Select(const Matchers& matchers) const;

 private:
  using Postings = std::vector<Id>;  // ascending
  using ValuePostings = std::map<std::string, Postings, std::less<>>;

  const ValuePostings* ValuesOf(const Matcher& matcher) const;
  // The ids a positive matcher accepts.
  Postings Lookup(const Matcher& matcher) const;
  // Those of a matcher whose accepted values are known; in `room` where they have to be joined.
  const Postings& LookupKnown(const Matcher& matcher, Postings& room) const;
  // The ids that every matcher with known values accepts; nullopt where there is no such matcher.
  std::optional<Postings> SelectKnown(const Matchers& matchers) const;

  std::vector<Labels> labels_;
  absl::flat_hash_map<Labels, Id, LabelsHash> ids_;
  std::map<std::string, ValuePostings, std::less<>> postings_;
};

}  // namespace sloburn
