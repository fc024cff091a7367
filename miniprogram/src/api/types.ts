/**
 * The server's types under the names the pages use. They are generated from api/openapi.json (npm run types); ids are
 * decimal text, amounts whole hundredths of a point, days "2026-11-21", instants milliseconds.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export interface List<T> {
  items: T[]
  /** Where the next page begins; missing or empty at the end. */
  next?: string
}

export type TrialReport = Schemas['PreviewReport']
export type TrialAccount = Schemas['PreviewAccount']
export type Group = Schemas['VillageRegion']
export type Household = Schemas['VillageHousehold']
export type HouseholdDetail = Schemas['VillageDetail']
export type Person = Schemas['VillageMember']
export type HouseLink = Schemas['VillageLinked']

export type Me = Schemas['AccessMe']
export type Role = Schemas['AccessMyRole']
export type Membership = Schemas['AccessMembership']
export type Persona = Schemas['AccessPersona']
export type Binding = Schemas['AccessBinding']

export type Scheme = Schemas['SchemeView']
export type Item = Schemas['SchemeItem']
export type Value = Schemas['SchemeValue']
export type Outlook = Schemas['OutlookRow']

export type Passbook = Schemas['PassbookView']
export type Entry = Schemas['EntryView']

export type NewCase = Omit<Schemas['CasesRequest'], 'request_id'>
export type Case = Schemas['CasesView']
export type Objection = Schemas['CasesObjection']
export type Ballot = Schemas['CasesBallot']
export type Sample = Schemas['CasesSample']
export type SampleLine = Schemas['CasesSampleLine']
export type Telling = Schemas['CasesTelling']
export type Collector = Schemas['CasesCollector']
export type Subscriptions = Schemas['NotifySubscriptions']
export type OwnAwards = Schemas['SeasonOwn']
export type NewClaim = Omit<Schemas['CasesClaim'], 'request_id'>
export type Neighbour = Schemas['NeighbourView']
export type Inspection = Schemas['CasesInspection']
export type InspectionLine = Schemas['CasesInspectionLine']
export type Evidence = Schemas['CasesEvidence']
export type Asked = Schemas['CasesAsked']
export type Shot = Schemas['MediaShot']
export type Upload = Schemas['MediaUpload']
export type Report = Schemas['CasesReport']
export type Fault = Schemas['StandingFault']

export type Shop = Schemas['MarketShop']
export type Goods = Schemas['MarketGoods']
export type Counter = Schemas['MarketCounter']
export type Redemption = Schemas['MarketReceipt']
export type Line = Schemas['MarketLine']
export type Visit = Schemas['MarketVisit']
export type Term = Schemas['AccessTerm']
export type ShopTerms = Schemas['MarketShopTerms']
export type GoodsTerms = Schemas['MarketGoodsTerms']
export type PhoneCode = Schemas['MarketPhoneCode']
export type Reservation = Schemas['MarketReservation']
export type Lease = Schemas['MarketLease']
export type LeaseReturn = Schemas['MarketLeaseReturn']
export type LeaseGist = Schemas['MarketLeaseGist']
export type Move = Schemas['MarketMove']
export type Statement = Schemas['MarketStatement']
export type Wish = Schemas['MarketWish']
export type Gift = Schemas['MarketGift']
export type Agency = Schemas['MarketAgency']
export type TownFunds = Schemas['MarketOverviews']
export type Lot = Schemas['MarketLot']
export type Daybook = Schemas['MarketDaybook']
export type Stocktake = Schemas['MarketStocktake']
export type FundsOverview = Schemas['MarketOverview']
export type FundMove = Schemas['MarketFundMove']
export type UnpaidLot = Schemas['MarketUnpaidLot']
export type Plan = Schemas['MarketPlan']

export type MessagePage = Schemas['NotifyPage']
export type Message = Schemas['NotifyItem']
export type Voice = Schemas['Voice']
export type Content = Schemas['MediaReview']
export type Activity = Schemas['Activity']
export type Attendee = Schemas['ActivityAttendee']
export type EventSecret = Schemas['ActivitySecret']

export type Figures = Schemas['ReportFigures']
export type VillageFigures = Schemas['ReportVillage']
export type RegionFigures = Schemas['ReportRegion']
export type QuietHomes = Schemas['ReportQuiet']

export type BoardRow = Schemas['BoardRow']
export type Board = Schemas['BoardPage']

export type Notice = Schemas['PublicationNotice']
export type NoticePreview = Schemas['PublicationPreview']
export type NoticePage = Schemas['PublicationPage']
export type NoticeLine = Schemas['PublicationLineNow']
export type SealProof = Schemas['LedgerProof']

export type Ways = Schemas['Ways']
export type Identity = Schemas['AccessIdentity']
export type Device = Schemas['AccessDevice']
export type PhoneBound = Schemas['AccessPhoneBound']
export type Consent = Schemas['AccessConsent']
export type PinState = Schemas['AccessPINState']
export type PinSlip = Schemas['AccessPINSlip']
export type HouseholdExport = Schemas['HouseholdExport']

export type AwardRounds = Schemas['SeasonRoundStates']
export type AwardRound = Schemas['SeasonRoundState']
export type Award = Schemas['SeasonAward']
export type Outcome = Schemas['SeasonStandings']
export type Standing = Schemas['SeasonStanding']
export type AwardObjection = Schemas['SeasonObjection']
export type Prize = Schemas['SeasonPrize']
export type OwnSpans = Schemas['SeasonOwnSpans']
export type SeasonRuns = Schemas['SeasonRuns']
export type SeasonRun = Schemas['SeasonRun']
export type SeasonLook = Schemas['SeasonOutlook']
export type SeasonWaiting = Schemas['SeasonWaiting']
export type SeasonClosing = Schemas['SeasonClosing']
