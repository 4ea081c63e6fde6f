#!/bin/bash
# The driver of a campaign as a small SLURM job that submits itself again until the campaign is done:
#
#   sbatch deploy/driver-slurm.sh campaign.toml my-site.toml
#
# Stop it with 'scancel --signal=INT --batch JOB': it ends in good order and does not submit itself. 'scancel JOB' does
# the same in the time that KillWait leaves. Start it again in the same way: it goes on where it was.
# Options belong into the lines below, not on the command line of sbatch, which later jobs of the chain do not see.
#SBATCH --job-name=glassdask-driver
#SBATCH --time=2-00:00:00
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --output=glassdask-driver-%j.log
# two minutes before the end (or up to one earlier) this script gets SIGTERM: the driver needs half a minute to stop
#SBATCH --signal=B:TERM@120
# no job of this chain may run twice; if its node dies, start it again by hand
#SBATCH --no-requeue
##SBATCH --partition=cpu
##SBATCH --account=my-project

# --- what your site needs so that 'glassdask' is found -----------------------------------------------------------------
# module load python
# source "$HOME/glassdask/.venv/bin/activate"

# --- nothing below needs to be changed ----------------------------------------------------------------------------------
least_seconds=${GLASSDASK_LEAST_SECONDS:-60} # a stop earlier than this ends the chain
most_idle_jobs=3                             # so many jobs in a row without progress end the chain
campaign=${1:?usage: sbatch driver-slurm.sh campaign.toml site.toml}
site=${2:?usage: sbatch driver-slurm.sh campaign.toml site.toml}
idle_jobs=${3:-0}

say() { echo "driver job ${SLURM_JOB_ID:-?}, $(date +%FT%T): $*"; }

# Size and time of all checkpoints and products: where they change, there is progress.
progress() {
  local python folder
  python=$(dirname "$(command -v glassdask)")/python
  folder=$("$python" -c '
import sys
from glassdask.campaign.files.folder import campaign_folder
print(campaign_folder(sys.argv[1]))' "$campaign") || return
  find "$folder/states" \( -name checkpoints.json -o -name '*.nc' \) -printf '%p %s %T@\n' 2>/dev/null | sort | cksum
}

# RUNNING, or COMPLETING once the job is cancelled; where squeue does not answer, nobody has cancelled it.
job_state() { squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T || echo RUNNING; }

# stop SIGNAL: passes it on, unless all processes of this job have got it already; a second one ends the driver at once
stop() {
  trap '' TERM INT
  if job_state | grep -qx RUNNING; then
    stopped=$1
    kill -TERM "$driver" 2>/dev/null
  else
    stopped=cancelled
  fi
}

before=$(progress)
stopped=no
driver=
trap 'stop TERM' TERM
trap 'stop INT' INT
glassdask run "$campaign" --on "$site" --quiet &
driver=$!
wait "$driver"
code=$?
if [ "$stopped" != no ]; then # the signal has ended the waiting, not the driver
  wait "$driver"
  again=$?
  if [ "$again" -ne 127 ]; then code=$again; fi # 127: it had ended already
fi

# 130: it was asked to stop; 75: on a site without batch jobs, the time of this one was up
# 0: done; 1: some states failed, or the driver gave up; 2: a mistake in a file
if [ "$code" -ne 130 ] && [ "$code" -ne 75 ]; then
  say "glassdask run ended with code $code; the chain ends"
  exit "$code"
fi
if [ "$code" -eq 130 ] && [ "$stopped" != TERM ]; then
  say "stopped by hand: not submitted again; the same sbatch command goes on"
  exit 130
fi
if [ "$SECONDS" -lt "$least_seconds" ]; then
  say "stopped after $SECONDS s, less than $least_seconds s: not submitted again; raise --time, lower --signal"
  exit 1
fi
if [ "$before" = "$(progress)" ]; then idle_jobs=$((idle_jobs + 1)); else idle_jobs=0; fi
if [ "$idle_jobs" -ge "$most_idle_jobs" ]; then
  say "$idle_jobs jobs in a row without progress: not submitted again; look at 'glassdask status $campaign'"
  exit 1
fi
if next=$(sbatch --parsable "$0" "$campaign" "$site" "$idle_jobs"); then
  say "goes on in job ${next##*$'\n'}" # wrappers of sbatch may print other lines before
else
  say "could not be submitted again; 'glassdask status $campaign' shows how far it is"
  exit 1
fi
