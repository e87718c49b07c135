// SPDX-License-Identifier: Apache-2.0
#include "web/metric_metadata.h"

#include <utility>

namespace sloburn::web {

size_t MetricMetadataStore::BytesOf(const Entries::value_type& entry) {
  const MetricMetadata& metadata = entry.second.metadata;
  return entry.first.size() + metadata.help.size() + metadata.unit.size();
}

void MetricMetadataStore::Forget(Entries::iterator entry) {
  bytes_ -= BytesOf(*entry);
  by_age_.erase(entry->second.place);
  entries_.erase(entry);
}

void MetricMetadataStore::Put(std::string_view metric, MetricMetadata metadata) {
  absl::MutexLock lock(&mutex_);
  if (const auto old = entries_.find(metric); old != entries_.end()) Forget(old);
  const auto entry = entries_.emplace(std::string(metric), Entry()).first;
  entry->second.metadata = std::move(metadata);
  entry->second.place = by_age_.insert(by_age_.end(), entry->first);
  bytes_ += BytesOf(*entry);
  while (entries_.size() > max_metrics_ || bytes_ > max_metrics_ * kBytesPerMetric) {
    Forget(entries_.find(by_age_.front()));
  }
}

void MetricMetadataStore::Visit(std::string_view metric, const Visitor& visit) const {
  absl::MutexLock lock(&mutex_);
  if (!metric.empty()) {
    const auto found = entries_.find(metric);
    if (found != entries_.end()) visit(found->first, found->second.metadata);
    return;
  }
  for (const auto& [name, entry] : entries_) {
    if (!visit(name, entry.metadata)) return;
  }
}

size_t MetricMetadataStore::size() const {
  absl::MutexLock lock(&mutex_);
  return entries_.size();
}

}  // namespace sloburn::web
