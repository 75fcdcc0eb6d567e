/* One collective of MPI, simulated by SimGrid's SMPI: prints the seconds that the slowest rank needs.
   Arguments: all_reduce | all_gather | all_to_all, bytes of the buffer as NCCL's tests count it. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const char* operation = argv[1];
  const int bytes = atoi(argv[2]), part = bytes / ranks;
  char* in = calloc(bytes, 1);
  char* out = calloc(bytes, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  if (!strcmp(operation, "all_reduce")) MPI_Allreduce(in, out, bytes, MPI_CHAR, MPI_SUM, MPI_COMM_WORLD);
  if (!strcmp(operation, "all_gather")) MPI_Allgather(in, part, MPI_CHAR, out, part, MPI_CHAR, MPI_COMM_WORLD);
  if (!strcmp(operation, "all_to_all")) MPI_Alltoall(in, part, MPI_CHAR, out, part, MPI_CHAR, MPI_COMM_WORLD);
  double own = MPI_Wtime() - begin, longest;
  MPI_Reduce(&own, &longest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (rank == 0) printf("%.12e\n", longest);
  MPI_Finalize();
  return 0;
}
