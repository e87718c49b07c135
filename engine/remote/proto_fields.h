// SPDX-License-Identifier: Apache-2.0
// Fields of protobuf messages, with the checks that protozero leaves to its users: a field of the
// right number but another wire type is an error in every protobuf library.
//
// The Read functions are called after reader.next() and throw protozero's exceptions; Guard turns
// these into a Status. Views point into the message. Private to engine/remote.
#pragma once

#include <cstdint>
#include <exception>
#include <protozero/pbf_reader.hpp>
#include <string_view>

#include "absl/status/status.h"
#include "base/str_cat.h"

namespace sloburn::remote {

inline void Expect(const protozero::pbf_reader& reader, protozero::pbf_wire_type type) {
  if (reader.wire_type() != type) throw protozero::unknown_pbf_wire_type_exception{};
}

inline std::string_view ReadBytes(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::length_delimited);
  const protozero::data_view bytes = reader.get_view();
  return {bytes.data(), bytes.size()};
}

inline protozero::pbf_reader ReadMessage(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::length_delimited);
  return reader.get_message();
}

inline int64_t ReadInt64(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::varint);
  return reader.get_int64();
}

inline uint32_t ReadUint32(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::varint);
  return reader.get_uint32();
}

inline int32_t ReadEnum(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::varint);
  return reader.get_enum();
}

inline double ReadDouble(protozero::pbf_reader& reader) {
  Expect(reader, protozero::pbf_wire_type::fixed64);
  return reader.get_double();
}

// "a series has more than the limit of 64 labels", for a message that goes over one.
inline absl::Status OverLimit(std::string_view where, size_t limit, std::string_view what) {
  return absl::ResourceExhaustedError(StrCat(where, "more than the limit of ", limit, " ", what));
}

// Runs a decoder of `message_name`. InvalidArgument for what protozero throws, ResourceExhausted
// where memory runs out, otherwise what the decoder returns.
template <typename Decode>
absl::Status Guard(std::string_view message_name, Decode decode) {
  try {
    return decode();
  } catch (const protozero::exception& error) {
    return absl::InvalidArgumentError(StrCat("not a ", message_name, " message: ", error.what()));
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(StrCat(message_name, ": ", error.what()));
  }
}

}  // namespace sloburn::remote
