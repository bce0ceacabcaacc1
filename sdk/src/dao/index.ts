/**
 * A DAO of one's own on several rollups: its contracts and their addresses before anything stands. What it decides is built like any decision with
 * legs (`buildDecision` of the sdk).
 *
 * @packageDocumentation
 */
export { daoFactory, planDao } from "./plan.ts";
export type {
  DaoContract,
  DaoContractName,
  DaoPlace,
  DaoPlan,
  DaoRollup,
  DaoSettings,
  DaoTerms,
  NewDaoToken,
} from "./plan.ts";
