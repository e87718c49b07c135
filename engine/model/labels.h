// SPDX-License-Identifier: Apache-2.0
// A label set: sorted (name, value) pairs, immutable and shared.
//
// Held as one string in Prometheus' length-prefixed form, so that equality is a memcmp and the
// hash is that of Prometheus (xxHash64 over the same bytes). Copies share the string. A pair with
// an empty value is the same as no pair and is never stored.
// Threads: Labels are immutable and may be read and copied from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sloburn {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kTypeLabel = "__type__";
inline constexpr std::string_view kUnitLabel = "__unit__";
inline constexpr std::string_view kBucketLabel = "le";

struct Label {
  std::string name, value;
  friend bool operator==(const Label&, const Label&) = default;
};

class Labels {
 public:
  // Walks the pairs in name order.
  class Iterator {
   public:
    std::pair<std::string_view, std::string_view> operator*() const { return {name_, value_}; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return here_ != other.here_; }
    // Where the pair begins in the set's bytes.
    const char* place() const { return here_; }

   private:
    friend class Labels;
    Iterator(const char* here, const char* end);
    void Decode();
    const char* here_;
    const char* next_;
    const char* end_;
    std::string_view name_, value_;
  };

  Labels() = default;

  // Sorts, drops empty values; of equal names the last wins.
  static Labels FromPairs(std::vector<Label> pairs);

  // REQUIRES: names strictly ascending, no empty value.
  static Labels FromSorted(const std::vector<std::pair<std::string_view, std::string_view>>& pairs);

  // The bytes that the method bytes() of another set returned, or those of some pairs of it.
  static Labels FromBytes(std::string_view bytes) { return Labels(std::string(bytes)); }
  // The same for bytes that may be anything. DataLoss where they are no label set: cut, names that
  // do not ascend, an empty name or value.
  static absl::StatusOr<Labels> ParseBytes(std::string_view bytes);

  // The value, or "" where the name is absent.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;

  bool empty() const { return rep_ == nullptr; }
  size_t size() const;
  Iterator begin() const;
  Iterator end() const;

  uint64_t hash() const;
  // The length-prefixed bytes.
  std::string_view bytes() const;

  std::vector<Label> ToPairs() const;

  // `name{a="1", b="2"}`, as Prometheus prints a series.
  std::string ToString() const;
  // `{__name__="name", a="1"}`: all pairs alike, as some of Prometheus' messages show them.
  std::string ToBraces() const;

  friend bool operator==(const Labels& a, const Labels& b) {
    return a.rep_ == b.rep_ || a.bytes() == b.bytes();
  }
  // Pair by pair, (name, value); the shorter of equal prefixes first.
  friend bool operator<(const Labels& a, const Labels& b);

 private:
  struct Rep {
    std::string bytes;
    uint64_t hash;
  };
  explicit Labels(std::string bytes);
  std::string PrintPairs(bool with_name) const;
  std::shared_ptr<const Rep> rep_;  // null for the empty set
};

struct LabelsHash {
  size_t operator()(const Labels& labels) const { return labels.hash(); }
};

// Any valid UTF-8 that is not empty.
bool IsValidLabelName(std::string_view name);

// Appends one pair in the length-prefixed form (for hashes over parts of a label set).
void AppendLabelBytes(std::string& out, std::string_view name, std::string_view value);

// Appends one pair as Prometheus prints it, names quoted where they must be: `a="1"`.
void AppendLabelText(std::string& out, std::string_view name, std::string_view value);

}  // namespace sloburn
