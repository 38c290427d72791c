# The simulator: a cluster, its calls and its faults, all derived from a seed.
dist_program(sim SOURCES sim/main.cpp sim/scenario.cpp sim/chaos.cpp sim/drills.cpp sim/watcher.cpp sim/customer.cpp sim/trial.cpp
             sim/ledger.cpp sim/ledger_run.cpp LIBRARIES dist::sim)
target_include_directories(sim PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} sim)
target_link_libraries(sim PRIVATE dist_private_headers)
set_target_properties(sim PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/sim)

# Several parts that run in parallel, each with its own seeds. A seed gives the same run with every compiler, so most of
# them run only in clang's plain build.
set(seeds 250) # CI runs 5,000 with the optimised program: tests/run sim
if(DIST_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(seeds 50)
endif()
foreach(part RANGE 3)
  math(EXPR first "${part} * ${seeds} + 1")
  add_test(NAME sim.seeds_${part} COMMAND sim --seeds ${seeds} --from ${first})
  set_tests_properties(sim.seeds_${part} PROPERTIES TIMEOUT 900)
endforeach()
add_test(NAME sim.repeats COMMAND sim --twice 20)
set_tests_properties(sim.repeats PROPERTIES TIMEOUT 120)
# The same for the ledger alone.
add_test(NAME sim.ledger COMMAND sim --ledger --events 100000 --from 1)
set_tests_properties(sim.ledger PROPERTIES TIMEOUT 120)

# How a user tests a job with it.
dist_test(sim/user LIBRARIES dist::sim dist::dist)

# The cost of many nodes and calls for a master; scale_table.py makes the tables of docs/scale.md from it.
dist_program(scale SOURCES sim/scale.cpp LIBRARIES dist::runtime)
target_link_libraries(scale PRIVATE dist_private_headers)
set_target_properties(scale PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/sim)
add_test(NAME sim.scale COMMAND scale 100 1000 400)
