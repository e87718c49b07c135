// SPDX-License-Identifier: Apache-2.0
// Parses the pipelines within the actions of a template: declarations, commands, operands.
//
//   PipelineParser pipelines(state);
//   ASSIGN_OR_RETURN(PipePtr pipe, pipelines.Read("command", TemplateTokenKind::kRightDelim));
//
// Threads: one template, one thread.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "rules/alert_template/lexer.h"
#include "rules/alert_template/parse_state.h"
#include "rules/alert_template/tree.h"

namespace sloburn::rules {

class PipelineParser {
 public:
  // `state` must outlive the parser.
  explicit PipelineParser(ParseState& state) : state_(state) {}

  // Up to and with the token `end`. `context` names the action in errors; "range" may declare two
  // variables.
  absl::StatusOr<PipePtr> Read(std::string_view context, TemplateTokenKind end);

 private:
  // "$x :=", "$x =", and for range also "$i, $x :=".
  absl::Status ReadDeclarations(std::string_view context, PipeNode& pipe);
  absl::Status CheckPipe(const PipeNode& pipe, std::string_view context) const;
  // Operands up to a pipe or to the end of the pipeline, which is left.
  absl::StatusOr<std::unique_ptr<CommandNode>> ReadCommand();
  // A term and the fields after it; null where there is none.
  absl::StatusOr<NodePtr> ReadOperand();
  absl::StatusOr<NodePtr> ReadTerm();
  absl::StatusOr<NodePtr> ReadIdentifier(const TemplateToken& token);
  absl::StatusOr<NodePtr> ReadNumber(const TemplateToken& token);
  absl::StatusOr<NodePtr> UseVariable(const TemplateToken& token);

  ParseState& state_;
};

}  // namespace sloburn::rules
