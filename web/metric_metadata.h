// SPDX-License-Identifier: Apache-2.0
// What senders said about metrics: type, help and unit, the newest word for each metric.
//
//   MetricMetadataStore store(100'000);
//   store.Put("up", {"gauge", "Whether the target was reached.", ""});
//   store.Visit("", [&](std::string_view metric, const MetricMetadata& metadata) { ... });
//
// Bounded by metrics and by bytes: what was told longest ago is forgotten first.
// Threads: all functions may be called from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sloburn::web {

struct MetricMetadata {
  std::string type;  // "counter", "gauge", ..., "unknown"
  std::string help, unit;
};

class MetricMetadataStore {
 public:
  // Texts may take kBytesPerMetric for each of `max_metrics`; long ones at the cost of others.
  explicit MetricMetadataStore(size_t max_metrics) : max_metrics_(max_metrics) {}

  void Put(std::string_view metric, MetricMetadata metadata);

  // Calls `visit` for `metric` alone, or in order of their names for all where it is empty, until
  // `visit` returns false. `visit` must not call this object.
  using Visitor = std::function<bool(std::string_view metric, const MetricMetadata& metadata)>;
  void Visit(std::string_view metric, const Visitor& visit) const;

  size_t size() const;

  static constexpr size_t kBytesPerMetric = 1024;

 private:
  struct Entry {
    MetricMetadata metadata;
    std::list<std::string_view>::iterator place;  // in by_age_
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  static size_t BytesOf(const Entries::value_type& entry);
  void Forget(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_metrics_;
  mutable absl::Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string_view> by_age_ ABSL_GUARDED_BY(mutex_);  // keys of entries_, oldest first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sloburn::web
