#!/bin/bash
# The driver of a campaign as a small PBS job that submits itself again until the campaign is done, from the folder in
# which paths are as given:
#
#   qsub -v CAMPAIGN=campaign.toml,SITE=my-site.toml,SCRIPT=deploy/driver-pbs.sh deploy/driver-pbs.sh
#
# Stop it with 'qdel JOB': it then does not submit itself. Start it again in the same way: it goes on where it was.
# Options belong into the lines below, not on the command line of qsub, which later jobs of the chain do not see.
#PBS -N glassdask-driver
#PBS -l select=1:ncpus=1:mem=4gb
#PBS -l walltime=48:00:00
#PBS -j oe
#PBS -r n
##PBS -q cpu
##PBS -A my-project

main() {
  # --- what your site needs so that 'glassdask' is found ---------------------------------------------------------------
  # module load python
  # source "$HOME/glassdask/.venv/bin/activate"

  # --- nothing below needs to be changed --------------------------------------------------------------------------------
  local margin=180        # seconds before the end of this job at which the driver stops; it needs half a minute
  local least_seconds=60  # a stop earlier than this ends the chain
  local most_idle_jobs=3  # so many jobs in a row without progress end the chain
  local usage="usage: qsub -v CAMPAIGN=campaign.toml,SITE=site.toml,SCRIPT=driver-pbs.sh driver-pbs.sh"
  : "${CAMPAIGN:?$usage}" "${SITE:?$usage}" "${SCRIPT:?$usage}"
  local idle_jobs=${IDLE_JOBS:-0} before limit code next
  cd "${PBS_O_WORKDIR:-.}" || exit 2
  [ -r "$SCRIPT" ] || { say "SCRIPT=$SCRIPT cannot be read from $PWD; $usage"; exit 2; }

  limit=$(($(walltime_seconds) - ${GLASSDASK_MARGIN:-$margin}))
  if [ "$limit" -lt "${GLASSDASK_LEAST_SECONDS:-$least_seconds}" ]; then
    say "the walltime leaves $limit s to work: not started; raise walltime"
    exit 2
  fi
  before=$(progress)
  SECONDS=0
  # 'qdel' asks every process of this job to end, this shell, timeout and the driver: the shell stays to tell of the end.
  # The driver takes the same request on two ways for one, and needs some 5 of the 10 s (kill_delay) that PBS leaves it.
  trap ':' TERM
  # PBS warns a few seconds before it kills: the driver is asked to stop earlier; --foreground asks it alone
  timeout --foreground --preserve-status --signal=TERM "$limit" glassdask run "$CAMPAIGN" --on "$SITE" --quiet
  code=$?

  # 130: it was asked to stop; 75: on a site without batch jobs, the time of this one was up
  # 0: done; 1: some states failed, or the driver gave up; 2: a mistake in a file
  if [ "$code" -ne 130 ] && [ "$code" -ne 75 ]; then
    say "glassdask run ended with code $code; the chain ends"
    exit "$code"
  fi
  if [ "$code" -eq 130 ] && [ "$SECONDS" -lt "$limit" ]; then
    say "stopped by hand: not submitted again; the same qsub command goes on"
    exit 130
  fi
  if [ "$SECONDS" -lt "${GLASSDASK_LEAST_SECONDS:-$least_seconds}" ]; then
    say "its time was up after $SECONDS s: not submitted again; raise walltime, lower deadline_margin"
    exit 1
  fi
  if [ "$before" = "$(progress)" ]; then idle_jobs=$((idle_jobs + 1)); else idle_jobs=0; fi
  if [ "$idle_jobs" -ge "$most_idle_jobs" ]; then
    say "$idle_jobs jobs in a row without progress: not submitted again; look at 'glassdask status $CAMPAIGN'"
    exit 1
  fi
  if next=$(qsub -v "CAMPAIGN=$CAMPAIGN,SITE=$SITE,SCRIPT=$SCRIPT,IDLE_JOBS=$idle_jobs" "$SCRIPT"); then
    say "goes on in job ${next##*$'\n'}" # wrappers of qsub may print other lines before
  else
    say "could not be submitted again; 'glassdask status $CAMPAIGN' shows how far it is"
    exit 1
  fi
  exit 0
}

say() { echo "driver job ${PBS_JOBID:-?}, $(date +%FT%T): $*"; }

walltime_seconds() {
  qstat -f "$PBS_JOBID" | awk '$1 == "Resource_List.walltime" {n = split($3, t, ":"); for (i = 1; i <= n; i++) s = s * 60 + t[i]; print s}'
}

# Size and time of all checkpoints and products: where they change, there is progress.
progress() {
  local python folder
  python=$(dirname "$(command -v glassdask)")/python
  folder=$("$python" -c '
import sys
from glassdask.campaign.files.folder import campaign_folder
print(campaign_folder(sys.argv[1]))' "$CAMPAIGN") || return
  find "$folder/states" \( -name checkpoints.json -o -name '*.nc' \) -printf '%p %s %T@\n' 2>/dev/null | sort | cksum
}

main "$@" </dev/null # PBS feeds this script to the shell by standard input: nothing else may read from it
