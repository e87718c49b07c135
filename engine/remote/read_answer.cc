// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/read_answer.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"
#include "engine/remote/chunked_frames.h"
#include "engine/remote/histogram_chunk_encode.h"
#include "engine/remote/histogram_proto.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/xor_chunk_encode.h"

namespace sloburn::remote {
namespace {

constexpr size_t kSamplesPerChunk = 120;
// So many bytes of short frames go out together.
constexpr size_t kPieceBytes = 128 << 10;

Labels WithExternalLabels(const Labels& labels, const ExternalLabels& external) {
  if (external.empty()) return labels;
  LabelBuilder builder(labels);
  for (const auto& [name, value] : external) {
    if (!labels.Has(name)) builder.Set(name, value);
  }
  return builder.Build();
}

// Returns the size of the Label messages.
size_t WriteLabels(protozero::pbf_writer& message, const Labels& labels) {
  size_t size = 0;
  std::string bytes;
  for (const auto& [name, value] : labels) {
    bytes.clear();
    protozero::pbf_writer label(bytes);
    label.add_string(1, name.data(), name.size());
    label.add_string(2, value.data(), value.size());
    message.add_message(1, bytes);
    size += bytes.size();
  }
  return size;
}

// TimeSeries{1 labels 2 samples{1 value 2 time} 4 histograms}
void WriteTimeSeries(protozero::pbf_writer& result, const Labels& labels, const SampleView& view) {
  protozero::pbf_writer series(result, 1);
  WriteLabels(series, labels);
  for (size_t i = 0; i < view.size; ++i) {
    if (view.histograms != nullptr && view.histograms[i] != nullptr) {
      protozero::pbf_writer wire(series, 4);
      WriteHistogram(wire, {view.timestamps[i], view.histograms[i]});
    } else {
      protozero::pbf_writer wire(series, 2);
      // Zeros need not be written, as in every protobuf; -0 is none.
      if (std::bit_cast<uint64_t>(view.values[i]) != 0) wire.add_double(1, view.values[i]);
      wire.add_int64(2, view.timestamps[i]);
    }
  }
}

// Cuts a series into chunks: of one kind each, at most 120 samples.
class ChunkCutter {
 public:
  explicit ChunkCutter(const SampleView& view) : view_(view) {}

  bool is_done() const { return at_ >= view_.size; }

  // Chunk{1 min 2 max 3 type 4 data}
  std::string Next() {
    const size_t from = at_;
    ChunkEncoding encoding = ChunkEncoding::kXor;
    std::string data;
    if (IsHistogram(from)) {
      encoding = ChunkEncoding::kFloatHistogram;
      at_ += HistogramRun(view_.histograms + from, RunOfKind(true));
      data = EncodeHistogramChunk(view_.timestamps + from, view_.histograms + from, at_ - from);
    } else {
      at_ += RunOfKind(false);
      data = EncodeXorChunk(view_.timestamps + from, view_.values + from, at_ - from);
    }
    std::string chunk;
    protozero::pbf_writer wire(chunk);
    wire.add_int64(1, view_.timestamps[from]);
    wire.add_int64(2, view_.timestamps[at_ - 1]);
    wire.add_enum(3, static_cast<int32_t>(encoding));
    wire.add_bytes(4, data);
    return chunk;
  }

 private:
  bool IsHistogram(size_t i) const {
    return view_.histograms != nullptr && view_.histograms[i] != nullptr;
  }
  size_t RunOfKind(bool histograms) const {
    const size_t most = std::min(view_.size, at_ + kSamplesPerChunk);
    size_t end = at_;
    while (end < most && IsHistogram(end) == histograms) ++end;
    return end - at_;
  }

  const SampleView view_;
  size_t at_ = 0;
};

}  // namespace

absl::Status ReadAnswerer::CheckCancelled() const {
  if (options_.cancelled != nullptr && options_.cancelled->load()) {
    return absl::CancelledError("the client has gone");
  }
  return absl::OkStatus();
}

absl::StatusOr<SeriesSet> ReadAnswerer::SelectSorted(const ReadQuery& query) const {
  RETURN_IF_ERROR(CheckCancelled());
  ASSIGN_OR_RETURN(SeriesSet all,
                   snapshot_.Select(query.matchers, query.start_ms, query.end_ms));
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a->labels() < b->labels(); });
  return all;
}

absl::Status ReadAnswerer::AddSampledQuery(const ReadQuery& query, std::string& response) {
  ASSIGN_OR_RETURN(const SeriesSet all, SelectSorted(query));
  protozero::pbf_writer message(response);
  std::optional<protozero::pbf_writer> result;
  SampleBuffer buffer;
  int64_t samples = 0;
  for (const auto& series : all) {
    RETURN_IF_ERROR(CheckCancelled());
    ASSIGN_OR_RETURN(const SampleView view, series->Read(query.start_ms, query.end_ms, buffer));
    if (view.size == 0) continue;
    samples += static_cast<int64_t>(view.size);
    if (options_.max_samples > 0 && samples > options_.max_samples) {
      return absl::ResourceExhaustedError(
          StrCat("exceeded sample limit (", options_.max_samples, ")"));
    }
    if (!result) result.emplace(message, 1);
    WriteTimeSeries(*result, WithExternalLabels(series->labels(), options_.external_labels), view);
    if (response.size() > options_.max_bytes) {
      return absl::ResourceExhaustedError(
          StrCat("exceeded the limit of ", options_.max_bytes,
                 " bytes of one answer; ask for STREAMED_XOR_CHUNKS, which has no such limit"));
    }
    ++stats_.series;
  }
  // Results are told apart by their place; the writer drops a message in which nothing was written.
  if (!result) message.add_message(1, std::string());
  stats_.samples += samples;
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAnswerer::Sampled() {
  std::string response;
  for (const ReadQuery& query : queries_) RETURN_IF_ERROR(AddSampledQuery(query, response));
  return SnappyCompress(response);
}

// ChunkedReadResponse{1 chunked_series{1 labels 2 chunks} 2 query_index}, one series per frame.
absl::Status ReadAnswerer::StreamQuery(size_t query_index, const Sink& sink, std::string& piece) {
  const ReadQuery& query = queries_[query_index];
  ASSIGN_OR_RETURN(SeriesSet all, SelectSorted(query));
  SampleBuffer buffer;
  for (auto& series : all) {
    ASSIGN_OR_RETURN(const SampleView view, series->Read(query.start_ms, query.end_ms, buffer));
    if (view.size == 0) continue;
    ++stats_.series;
    stats_.samples += static_cast<int64_t>(view.size);
    const Labels labels = WithExternalLabels(series->labels(), options_.external_labels);
    ChunkCutter chunks(view);
    while (!chunks.is_done()) {
      std::string payload;
      protozero::pbf_writer response(payload);
      {
        protozero::pbf_writer wire(response, 1);
        size_t size = WriteLabels(wire, labels);
        do {
          const std::string chunk = chunks.Next();
          wire.add_message(2, chunk);
          size += chunk.size();
          ++stats_.chunks;
        } while (size < options_.max_bytes_in_frame && !chunks.is_done());
      }
      if (query_index > 0) response.add_int64(2, static_cast<int64_t>(query_index));
      AppendFrame(piece, payload);
      ++stats_.frames;
      if (piece.size() < kPieceBytes) continue;
      RETURN_IF_ERROR(CheckCancelled());
      RETURN_IF_ERROR(sink(std::exchange(piece, std::string())));
    }
    series.reset();
  }
  return absl::OkStatus();
}

absl::Status ReadAnswerer::Streamed(const Sink& sink) {
  std::string piece;
  for (size_t i = 0; i < queries_.size(); ++i) RETURN_IF_ERROR(StreamQuery(i, sink, piece));
  return piece.empty() ? absl::OkStatus() : sink(std::move(piece));
}

}  // namespace sloburn::remote
