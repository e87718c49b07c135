// SPDX-License-Identifier: Apache-2.0
// Writes what a Prometheus sends, byte by byte and on its own, for tests: protobuf fields, frames,
// XOR chunks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/sample.h"

namespace sloburn::remote {

std::string Varint(uint64_t value);
std::string BytesField(int field, std::string_view bytes);
std::string VarintField(int field, uint64_t value);
std::string DoubleField(int field, double value);

// A Label message in field 1 for each pair.
std::string LabelFields(const std::vector<Label>& labels);

// A frame of a streamed answer.
std::string Frame(std::string_view payload);

std::string XorChunk(const std::vector<Sample>& samples);
// With start timestamps where `starts` is not empty (one per sample, 0: unknown).
std::string Xor2Chunk(const std::vector<Sample>& samples, const std::vector<int64_t>& starts = {});

// Chunk{1 min 2 max 3 type 4 data}
std::string ChunkMessage(const std::vector<Sample>& samples, int type, std::string_view data);

}  // namespace sloburn::remote
