// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "base/yaml_scalar.h"

namespace sloburn {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

std::string At(YamlPosition position, std::string_view message) {
  return StrCat(position.line, ":", position.column, ": ", message);
}

YamlPosition PositionOfMark(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

// Owns one libyaml event.
struct Event {
  yaml_event_t event{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event); }
};

// Nearly always not, and most mappings are small.
bool HasEqualKeys(const YamlNode& mapping) {
  constexpr size_t kFew = 12;
  if (mapping.entries.size() <= kFew) {
    for (size_t i = 1; i < mapping.entries.size(); ++i) {
      const YamlNode& key = *mapping.entries[i].first;
      for (size_t j = 0; j < i; ++j) {
        const YamlNode& other = *mapping.entries[j].first;
        if (key.value == other.value && key.is_scalar() && other.is_scalar()) return true;
      }
    }
    return false;
  }
  std::unordered_set<std::string_view> seen;
  for (const YamlNode::Entry& entry : mapping.entries) {
    if (entry.first->is_scalar() && !seen.insert(entry.first->value).second) return true;
  }
  return false;
}

std::string_view ViewOf(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

}  // namespace

// Turns libyaml's events into nodes. One use.
class YamlBuilder {
 public:
  YamlBuilder(YamlStream& stream, const YamlLimits& limits, std::vector<YamlProblem>* problems)
      : stream_(stream), limits_(limits), problems_(problems) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(stream.text_.data()), stream.text_.size());
  }
  ~YamlBuilder() { yaml_parser_delete(&parser_); }
  YamlBuilder(const YamlBuilder&) = delete;
  YamlBuilder& operator=(const YamlBuilder&) = delete;

  absl::Status Build();

 private:
  struct Open {
    YamlNode* node;
    std::string anchor;
    const YamlNode* key = nullptr;  // of a mapping: the key that waits for its value
  };

  absl::Status SyntaxError() const;
  absl::Status Problem(YamlPosition position, std::string message);
  absl::Status Handle(const yaml_event_t& event);
  absl::Status OpenCollection(const yaml_event_t& event, YamlKind kind, std::string_view anchor);
  absl::Status CloseCollection();
  absl::Status AddScalar(const yaml_event_t& event);
  absl::Status AddAlias(const yaml_event_t& event);
  absl::Status SetTag(const yaml_event_t& event, YamlNode& node);
  absl::StatusOr<YamlNode*> NewNode(const yaml_event_t& event, YamlKind kind);
  absl::Status Charge(size_t nodes, YamlPosition position);
  absl::Status Attach(const YamlNode* node);
  absl::Status CheckKeys(YamlNode& mapping);
  absl::Status ApplyMerges(YamlNode& mapping);

  YamlStream& stream_;
  const YamlLimits& limits_;
  std::vector<YamlProblem>* problems_;
  yaml_parser_t parser_;
  std::vector<Open> open_;
  std::map<std::string, const YamlNode*, std::less<>> anchors_;
  size_t node_count_ = 0;
  bool is_done_ = false;
};

absl::Status YamlBuilder::Build() {
  while (!is_done_) {
    Event one;
    if (!yaml_parser_parse(&parser_, &one.event)) return SyntaxError();
    RETURN_IF_ERROR(Handle(one.event));
  }
  return absl::OkStatus();
}

absl::Status YamlBuilder::SyntaxError() const {
  std::string message = StrCat("yaml: ", parser_.problem ? parser_.problem : "malformed");
  if (parser_.context != nullptr) {
    const YamlPosition from = PositionOfMark(parser_.context_mark);
    StrAppend(&message, " (", parser_.context, " that starts at ", from.line, ":", from.column,
              ")");
  }
  const bool is_reader = parser_.error == YAML_READER_ERROR;
  const YamlPosition at =
      is_reader ? stream_.PositionOf(parser_.problem_offset) : PositionOfMark(parser_.problem_mark);
  if (parser_.error == YAML_MEMORY_ERROR)
    return absl::ResourceExhaustedError("yaml: out of memory");
  return absl::InvalidArgumentError(At(at, message));
}

absl::Status YamlBuilder::Problem(YamlPosition position, std::string message) {
  if (problems_ == nullptr) return absl::InvalidArgumentError(At(position, message));
  problems_->push_back({position, std::move(message)});
  return absl::OkStatus();
}

absl::Status YamlBuilder::Handle(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_STREAM_END_EVENT:
      is_done_ = true;
      return absl::OkStatus();
    case YAML_DOCUMENT_START_EVENT:
      anchors_.clear();
      return absl::OkStatus();
    case YAML_SCALAR_EVENT:
      return AddScalar(event);
    case YAML_ALIAS_EVENT:
      return AddAlias(event);
    case YAML_SEQUENCE_START_EVENT:
      return OpenCollection(event, YamlKind::kSequence, ViewOf(event.data.sequence_start.anchor));
    case YAML_MAPPING_START_EVENT:
      return OpenCollection(event, YamlKind::kMapping, ViewOf(event.data.mapping_start.anchor));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return CloseCollection();
    default:
      return absl::OkStatus();
  }
}

absl::Status YamlBuilder::Charge(size_t nodes, YamlPosition position) {
  node_count_ += nodes;
  if (node_count_ <= limits_.max_nodes) return absl::OkStatus();
  return absl::ResourceExhaustedError(At(
      position,
      StrCat("yaml: more than ", limits_.max_nodes, " nodes (aliases expanded); split the file")));
}

absl::StatusOr<YamlNode*> YamlBuilder::NewNode(const yaml_event_t& event, YamlKind kind) {
  const YamlPosition position = PositionOfMark(event.start_mark);
  RETURN_IF_ERROR(Charge(1, position));
  YamlNode& node = stream_.nodes_.emplace_back();
  node.kind = kind;
  node.line = position.line;
  node.column = position.column;
  node.end_line = static_cast<int>(event.end_mark.line) + 1;
  node.end_column = static_cast<int>(event.end_mark.column) + 1;
  return &node;
}

absl::Status YamlBuilder::OpenCollection(const yaml_event_t& event, YamlKind kind,
                                         std::string_view anchor) {
  ASSIGN_OR_RETURN(YamlNode * node, NewNode(event, kind));
  if (static_cast<int>(open_.size()) >= limits_.max_depth) {
    return absl::ResourceExhaustedError(
        At({node->line, node->column},
           StrCat("yaml: nested deeper than ", limits_.max_depth, " levels")));
  }
  open_.push_back({node, std::string(anchor)});
  // Known from here on, so that an alias inside can be told that it is a cycle.
  if (!anchor.empty()) anchors_[std::string(anchor)] = nullptr;
  return absl::OkStatus();
}

absl::Status YamlBuilder::CloseCollection() {
  const Open closed = std::move(open_.back());
  open_.pop_back();
  if (closed.node->is_mapping()) {
    RETURN_IF_ERROR(CheckKeys(*closed.node));
    RETURN_IF_ERROR(ApplyMerges(*closed.node));
  }
  if (!closed.anchor.empty()) anchors_[closed.anchor] = closed.node;
  return Attach(closed.node);
}

absl::Status YamlBuilder::AddScalar(const yaml_event_t& event) {
  ASSIGN_OR_RETURN(YamlNode * node, NewNode(event, YamlKind::kScalar));
  const auto& scalar = event.data.scalar;
  node->value.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  node->is_quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
  RETURN_IF_ERROR(SetTag(event, *node));
  if (scalar.anchor != nullptr) anchors_[std::string(ViewOf(scalar.anchor))] = node;
  return Attach(node);
}

absl::Status YamlBuilder::SetTag(const yaml_event_t& event, YamlNode& node) {
  const YamlTag natural = node.is_quoted ? YamlTag::kString : ResolvePlainScalar(node.value);
  std::string_view written = ViewOf(event.data.scalar.tag);
  node.tag = natural;
  if (written.empty()) return absl::OkStatus();
  node.tag = YamlTag::kOther;
  if (written == "!") node.tag = YamlTag::kString;
  if (written.substr(0, kTagPrefix.size()) != kTagPrefix) return absl::OkStatus();
  written.remove_prefix(kTagPrefix.size());
  if (written == "str") {
    node.tag = YamlTag::kString;
    return absl::OkStatus();
  }
  if (written == "binary") {
    node.tag = YamlTag::kBinary;
    if (DecodeBase64(node.value)) return absl::OkStatus();
    return Problem({node.line, node.column}, "yaml: !!binary value contains invalid base64 data");
  }
  // A number, bool or null must look like one, whether quoted or not.
  const YamlTag resolved = ResolvePlainScalar(node.value);
  const std::string_view resolved_name = YamlTagName(resolved).substr(2);
  const bool widens = written == "float" && resolved == YamlTag::kInt;
  const bool is_known = written == "int" || written == "float" || written == "bool" ||
                        written == "null" || written == "timestamp";
  if (!is_known) return absl::OkStatus();
  node.tag = widens ? YamlTag::kFloat : resolved;
  if (written == resolved_name || widens) return absl::OkStatus();
  return Problem({node.line, node.column}, StrCat("yaml: cannot decode ", YamlTagName(resolved),
                                                  " `", node.value, "` as a !!", written));
}

absl::Status YamlBuilder::AddAlias(const yaml_event_t& event) {
  const std::string_view name = ViewOf(event.data.alias.anchor);
  const YamlPosition position = PositionOfMark(event.start_mark);
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return absl::InvalidArgumentError(
        At(position, StrCat("yaml: unknown anchor '", name, "' referenced")));
  }
  if (found->second == nullptr) {
    return absl::InvalidArgumentError(
        At(position, StrCat("yaml: anchor '", name, "' value contains itself")));
  }
  RETURN_IF_ERROR(Charge(found->second->tree_size, position));
  return Attach(found->second);
}

absl::Status YamlBuilder::Attach(const YamlNode* node) {
  if (open_.empty()) {
    stream_.documents_.push_back(node);
    return absl::OkStatus();
  }
  Open& parent = open_.back();
  parent.node->tree_size += node->tree_size;
  if (parent.node->is_sequence()) {
    parent.node->items.push_back(node);
  } else if (parent.key == nullptr) {
    parent.key = node;
  } else {
    parent.node->entries.emplace_back(parent.key, node);
    parent.key = nullptr;
  }
  return absl::OkStatus();
}

absl::Status YamlBuilder::CheckKeys(YamlNode& mapping) {
  if (!HasEqualKeys(mapping)) return absl::OkStatus();
  std::unordered_map<std::string_view, int> first_line;
  std::vector<YamlNode::Entry> kept;
  kept.reserve(mapping.entries.size());
  for (const YamlNode::Entry& entry : mapping.entries) {
    const YamlNode& key = *entry.first;
    if (key.is_scalar()) {
      const auto [place, is_new] = first_line.emplace(key.value, key.line);
      if (!is_new) {
        RETURN_IF_ERROR(
            Problem({key.line, key.column}, StrCat("mapping key ", GoQuote(key.value),
                                                   " already defined at line ", place->second)));
        continue;
      }
    }
    kept.push_back(entry);
  }
  mapping.entries = std::move(kept);
  return absl::OkStatus();
}

absl::Status YamlBuilder::ApplyMerges(YamlNode& mapping) {
  const auto is_merge = [](const YamlNode::Entry& entry) {
    return entry.first->is_scalar() && entry.first->tag == YamlTag::kMerge;
  };
  const auto merge = std::find_if(mapping.entries.begin(), mapping.entries.end(), is_merge);
  if (merge == mapping.entries.end()) return absl::OkStatus();
  const YamlNode* const value = merge->second;
  mapping.entries.erase(merge);
  std::vector<const YamlNode*> sources = {value};
  if (value->is_sequence()) sources = value->items;
  std::unordered_set<std::string_view> taken;
  for (const auto& [key, child] : mapping.entries) taken.insert(key->value);
  for (const YamlNode* source : sources) {
    if (!source->is_mapping()) {
      return Problem({value->line, value->column},
                     "yaml: map merge requires map or sequence of maps as the value");
    }
    RETURN_IF_ERROR(Charge(source->entries.size(), {mapping.line, mapping.column}));
    for (const YamlNode::Entry& entry : source->entries) {
      if (!taken.insert(entry.first->value).second) continue;
      mapping.entries.push_back(entry);
      mapping.tree_size += entry.first->tree_size + entry.second->tree_size;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<YamlStream> ParseYaml(std::string_view text, const YamlLimits& limits,
                                     std::vector<YamlProblem>* problems) {
  if (text.size() > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        StrCat("1:1: yaml: ", text.size(), " bytes are more than the limit of ", limits.max_bytes));
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  YamlStream stream;
  stream.SetText(text);
  if (const size_t invalid = FindInvalidUtf8(text); invalid != std::string_view::npos) {
    return absl::InvalidArgumentError(
        At(stream.PositionOf(invalid), "yaml: invalid UTF-8; save the file as UTF-8"));
  }
  YamlBuilder builder(stream, limits, problems);
  const absl::Status status = builder.Build();
  if (!status.ok()) {
    if (stream.documents_.empty()) return status;
    stream.trailing_error_ = status;
  }
  return stream;
}

}  // namespace sloburn
