// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/query_flags.h"
#include "cli/exit_status.h"
#include "rules/rule_file.h"

namespace sloburn::cli {
namespace {

struct CheckFlags {
  std::vector<std::string> files;
  QueryFlags query;
};

// Prometheus' layout: what is good on stdout, problems on stderr.
bool CheckFile(const std::string& file, const rules::RuleFileOptions& options) {
  std::cout << "Checking " << file << std::endl;
  const rules::ParsedRuleFile parsed = rules::ReadRuleFile(file, options);
  for (const rules::Diagnostic& warning : parsed.warnings) {
    std::cerr << "  WARNING: " << warning.ToString() << "\n";
  }
  if (!parsed.ok()) {
    std::cerr << "  FAILED:\n";
    for (const rules::Diagnostic& error : parsed.errors) std::cerr << error.ToString() << "\n";
    std::cerr << std::endl;
    return false;
  }
  size_t rules = 0;
  for (const rules::GroupSpec& group : parsed.file.groups) rules += group.rules.size();
  const auto duplicates = rules::FindDuplicateRules(parsed.file);
  if (!duplicates.empty()) {
    std::cerr << "  FAILED:\n" << "lint error " << rules::DescribeDuplicates(duplicates) << "\n";
  } else {
    std::cout << "  SUCCESS: " << rules << " rules found\n" << std::endl;
  }
  return true;
}

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* const command = app.add_subcommand(
      "check", "Check rule files and PrometheusRule manifests; reports every error of a file");
  command->add_option("FILE", flags->files, "Rule files")->required();
  flags->query.AddTo(*command);
  command->footer("Example:\n  sloburn check rules/*.yaml");
  command->callback([flags, &exit_code] {
    const auto query = flags->query.ToOptions();
    if (!query.ok()) {
      std::cerr << "error: " << query.status().message() << "\n";
      exit_code = kExitUsage;
      return;
    }
    rules::RuleFileOptions options;
    options.query = *query;
    options.prepares_queries = false;
    for (const std::string& file : flags->files) {
      if (!CheckFile(file, options)) exit_code = kExitProblems;
    }
  });
}

}  // namespace sloburn::cli
