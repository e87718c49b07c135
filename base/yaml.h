// SPDX-License-Identifier: Apache-2.0
// YAML text -> trees of nodes that know their place, read strictly.
//
//   ASSIGN_OR_RETURN(YamlStream stream, ParseYaml(text));
//   for (const YamlNode* root : stream.documents()) ...
//
// Anchors and aliases are resolved (an aliased node is shared, and counted again against the node
// limit), merge keys (<<) are applied, equal keys in one mapping are errors, and so is text that is
// not UTF-8. Scalars stay text; the type that Go's yaml.v3 would give a plain scalar is in `tag`,
// because users know their files from programs that use it.
//
// Ownership: YamlStream owns all nodes; pointers live as long as it does (moving it is fine).
// Threads: a parsed stream is immutable. Errors: InvalidArgument "LINE:COL: MESSAGE" (1-based,
// columns in characters), ResourceExhausted for limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sloburn {

struct YamlLimits {
  size_t max_bytes = 64 << 20;
  int max_depth = 64;
  // Nodes after the expansion of aliases.
  size_t max_nodes = 2'000'000;
};

enum class YamlKind { kScalar, kSequence, kMapping };
enum class YamlTag { kNull, kBool, kInt, kFloat, kString, kTimestamp, kBinary, kMerge, kOther };

struct YamlNode {
  using Entry = std::pair<const YamlNode*, const YamlNode*>;

  YamlKind kind = YamlKind::kScalar;
  YamlTag tag = YamlTag::kString;  // of a scalar
  std::string value;               // of a scalar
  bool is_quoted = false;          // '..', "..", | or >
  int line = 0;
  int column = 0;
  std::vector<const YamlNode*> items;  // of a sequence
  // Of a mapping, in written order; merged entries come last.
  std::vector<Entry> entries;

  // For YamlStream::Locate.
  int end_line = 0;
  int end_column = 0;
  // Nodes of this tree with aliases expanded.
  size_t tree_size = 1;

  bool is_scalar() const { return kind == YamlKind::kScalar; }
  bool is_sequence() const { return kind == YamlKind::kSequence; }
  bool is_mapping() const { return kind == YamlKind::kMapping; }
  bool is_null() const { return is_scalar() && tag == YamlTag::kNull; }

  // The value under `key`, or nullptr. REQUIRES: is_mapping().
  const YamlNode* Find(std::string_view key) const;

  // The node as Go's messages name it: "!!seq", "!!map", "!!str `abc`".
  std::string Describe() const;

  // The scalar as Go's yaml.v3 decodes it; nullopt where it would refuse.
  std::optional<std::string> AsString() const;  // any scalar; null is ""; !!binary is decoded
  std::optional<int64_t> AsInt() const;         // integers in any base; floats are cut
  std::optional<bool> AsBool() const;           // true/false, and yes/no/on/off of YAML 1.1
};

struct YamlPosition {
  int line = 0;
  int column = 0;
};

struct YamlProblem {
  YamlPosition position;
  std::string message;
};

class YamlStream {
 public:
  YamlStream() = default;
  YamlStream(YamlStream&&) = default;
  YamlStream& operator=(YamlStream&&) = default;

  // The root of each document; an empty document has a null scalar.
  const std::vector<const YamlNode*>& documents() const { return documents_; }

  // An error in a document after the first; the documents before it are there.
  const absl::Status& trailing_error() const { return trailing_error_; }

  // The place in the file of byte `offset` of the scalar's value. Where escapes make that
  // unknowable, the scalar's own place.
  YamlPosition Locate(const YamlNode& scalar, size_t offset) const;

 private:
  friend class YamlBuilder;
  friend absl::StatusOr<YamlStream> ParseYaml(std::string_view, const YamlLimits&,
                                              std::vector<YamlProblem>*);

  void SetText(std::string_view text);
  YamlPosition PositionOf(size_t offset) const;
  size_t OffsetOf(int line, int column) const;
  size_t ContentBegin(const YamlNode& scalar) const;

  std::string text_;
  std::vector<size_t> line_starts_;
  std::deque<YamlNode> nodes_;
  std::vector<const YamlNode*> documents_;
  absl::Status trailing_error_;
};

// With `problems`, equal keys are collected there (the first value counts) and parsing goes on;
// without, the first of them is the error.
absl::StatusOr<YamlStream> ParseYaml(std::string_view text, const YamlLimits& limits = {},
                                     std::vector<YamlProblem>* problems = nullptr);

}  // namespace sloburn
