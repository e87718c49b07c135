// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/query_flags.h"
#include "cli/promqltest/runner.h"
#include "engine/storage/chunk/chunk_codec.h"

namespace sloburn::cli {

void AddPromqltestCommand(CLI::App& app, int& exit_code) {
  struct Flags {
    std::vector<std::string> files;
    PromqltestOptions options;
    std::string plan_passes = "on";
    std::string chunk_summaries = "auto";
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* const command = app.add_subcommand(
      "promqltest", "Run test scripts in promqltest's language against the engine");
  command->add_option("FILE", flags->files, "Test scripts")->required();
  command->add_flag("-v,--verbose", flags->options.is_verbose, "Show each failure");
  command
      ->add_option("--plan-passes", flags->plan_passes,
                   "The planner's optimising passes: on, off, or both, which compares the results "
                   "bit by bit")
      ->check(CLI::IsMember({"on", "off", "both"}))
      ->capture_default_str();
  command
      ->add_option(
          "--chunk-summaries", flags->chunk_summaries,
          "Whether summaries of chunks are read instead of samples: auto (where that costs "
          "less), always (where there are any) or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->add_option("--chunk-samples", flags->options.chunk_samples, "Samples in a full chunk")
      ->check(CLI::Range(size_t{1}, kMaxChunkSamples))
      ->capture_default_str();
  command->add_flag("--on-disk", flags->options.is_on_disk,
                    "Keep samples in a database under $TMPDIR, opened anew after each load");
  command->add_option("--threads", flags->options.threads, "Threads that evaluate a query")
      ->check(CLI::Range(1, 64));
  AddNestingFlag(*command, flags->options.max_nesting);
  command->footer("Example:\n  sloburn promqltest testdata/promql/*.test");
  command->callback([flags, &exit_code] {
    flags->options.plan_passes = flags->plan_passes == "off"  ? PlanPasses::kOff
                                 : flags->plan_passes == "on" ? PlanPasses::kOn
                                                              : PlanPasses::kBoth;
    using ChunkSummaries = engine::PlanOptions::ChunkSummaries;
    flags->options.chunk_summaries = flags->chunk_summaries == "auto"
                                         ? ChunkSummaries::kWhereCheaper
                                     : flags->chunk_summaries == "always" ? ChunkSummaries::kAlways
                                                                          : ChunkSummaries::kNever;
    exit_code = RunPromqltest(flags->files, flags->options, std::cout);
  });
}

}  // namespace sloburn::cli
